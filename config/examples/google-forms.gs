/**
 * Sends each answer of this form to Alert Bridge. See google-forms.toml.
 *
 * 1. Project Settings > Script Properties: BRIDGE_URL (https://alerts.example.com/hooks/google-forms) and
 *    BRIDGE_SECRET (what the variable GOOGLE_FORMS_SECRET holds).
 * 2. Choose the function `install` above, Run, and allow what it asks for.
 * 3. Answer the form once; `bridge inbox list` shows it. Failures stand under Executions.
 */

const TRIES = 4;

/** Run once by hand. Running it again changes nothing. */
function install() {
  const form = FormApp.getActiveForm();
  const there = ScriptApp.getUserTriggers(form).some(
    (trigger) => trigger.getHandlerFunction() === "onFormSubmitted",
  );
  if (!there) {
    ScriptApp.newTrigger("onFormSubmitted").forForm(form).onFormSubmit().create();
  }
}

/** Called by Google, perhaps twice for one answer: its id makes the two one. */
function onFormSubmitted(event) {
  const response = event.response;
  send({
    id: response.getId(),
    at: response.getTimestamp().toISOString(),
    email: response.getRespondentEmail(),
    answers: response.getItemResponses().map((item) => ({
      title: item.getItem().getTitle(),
      value: [].concat(item.getResponse()).join(", "),
    })),
  });
}

/** UrlFetchApp does not try again by itself. */
function send(answer) {
  const properties = PropertiesService.getScriptProperties();
  const request = {
    method: "post",
    contentType: "application/json",
    headers: { "X-Bridge-Secret": properties.getProperty("BRIDGE_SECRET") },
    payload: JSON.stringify(answer),
    muteHttpExceptions: true,
  };
  let outcome = "";
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) {
      Utilities.sleep(2000 * 4 ** attempt);
    }
    try {
      const status = UrlFetchApp.fetch(properties.getProperty("BRIDGE_URL"), request).getResponseCode();
      if (status >= 200 && status < 300) {
        return;
      }
      outcome = "status " + status;
      if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
        break;
      }
    } catch (error) {
      outcome = "no connection";
    }
  }
  throw new Error("Alert Bridge did not take the answer: " + outcome);
}
