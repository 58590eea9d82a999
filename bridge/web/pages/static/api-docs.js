// The OpenAPI document, to be read and tried. What of Swagger UI screen readers can't make sense of is left out.
"use strict";
const place = document.getElementById("docs");
document.documentElement.classList.toggle("dark-mode", matchMedia("(prefers-color-scheme: dark)").matches);
const none = () => () => null;
SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: false,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  persistAuthorization: false,
  plugins: [{ wrapComponents: { ServersContainer: none, OpenAPIVersion: none, VersionStamp: none } }],
});
