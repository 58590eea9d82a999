// Before anything is drawn: dark where the reader's system is, and the reader's time zone for the server.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const dress = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  dark.addEventListener("change", dress);
  dress();
  root.classList.add("scripted");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const kept = `bridge_zone=${zone}`;
  if (zone && !document.cookie.split("; ").includes(kept)) {
    const safe = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${kept}; Path=/; Max-Age=31536000; SameSite=Lax${safe}`;
  }
})();
