// The inbox keeps itself current, without losing ticks, focus or place, and can be used by keys. Works without.

const EVERY = 20_000;
const bulk = document.getElementById("bulk");
const all = document.getElementById("all");
const keys = document.getElementById("keys");
const updated = document.getElementById("updated");
let tag = "";
let last = new Date();

const ticks = () => [...document.querySelectorAll("#list input[name=ref]")];
const rows = () => [...document.querySelectorAll("#list tbody tr")];
const ticked = () => ticks().filter((one) => one.checked);
const filled = (words, name, value) => words.replace(`{${name}}`, value);

// --- ticks

function count() {
  if (!bulk) return;
  const many = ticked().length;
  all.checked = many > 0 && many === ticks().length;
  all.indeterminate = many > 0 && !all.checked;
  const said = document.getElementById("ticked");
  said.textContent = many ? filled(said.dataset.words, "many", many) : "";
}
document.addEventListener("change", (event) => {
  if (event.target === all) for (const one of ticks()) one.checked = all.checked;
  if (event.target === all || event.target.name === "ref") count();
});
// Empty fields don't belong into the address.
document.getElementById("seek").addEventListener("submit", (event) => {
  for (const field of event.target.elements) {
    if (field.name && (!field.value || (field.name === "state" && field.value === "live"))) field.disabled = true;
  }
});
window.addEventListener("pageshow", () => {
  for (const field of document.getElementById("seek").elements) field.disabled = false;
  count();
});

// --- keeping current

function busy() {
  return document.hidden || keys.open || document.querySelector("details.menu[open]") !== null;
}

function say(lost) {
  const time = last.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const words = filled(lost ? updated.dataset.lost : updated.dataset.words, "time", time);
  updated.hidden = false;
  updated.classList.toggle("late", lost);
  if (updated.textContent !== words) updated.textContent = words;
}

// The row that is read: the first that is not above the window, once somebody has scrolled.
function inSight() {
  return window.scrollY > 0 ? rows().find((one) => one.getBoundingClientRect().bottom > 0) : undefined;
}

function swap(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const chosen = new Set(ticked().map((one) => one.value));
  const focused = document.activeElement;
  const row = focused?.closest("#list tbody tr");
  const inside = row?.querySelector("input") === focused ? "input" : "a.headline";
  const stood = row ? [...row.parentElement.rows].indexOf(row) : -1;
  const anchor = row ?? inSight();
  const top = anchor?.getBoundingClientRect().top;
  const before = document.getElementById("list").dataset.total;
  for (const id of ["totals", "list"]) {
    const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
    if (now && old.innerHTML !== now.innerHTML) old.replaceWith(document.adoptNode(now));
  }
  for (const one of ticks()) one.checked = chosen.has(one.value);
  count();
  if (row && !row.isConnected) {
    const next = rows()[Math.min(stood, rows().length - 1)]; // where it stood, should it be gone
    (document.getElementById(row.id) ?? next)?.querySelector(inside)?.focus({ preventScroll: true });
  }
  const there = anchor && document.getElementById(anchor.id);
  if (there) window.scrollBy(0, there.getBoundingClientRect().top - top);
  if (document.getElementById("list").dataset.total !== before) {
    const news = document.getElementById("news");
    news.textContent = "";
    news.textContent = news.dataset.words;
  }
}

async function refresh() {
  if (busy()) return;
  try {
    const headers = { "Bridge-Part": "list" };
    if (tag) headers["If-None-Match"] = tag;
    const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "manual" });
    if (answer.type === "opaqueredirect") return location.reload(); // signed out meanwhile
    if (answer.status !== 304 && !answer.ok) return say(true);
    if (answer.status !== 304) {
      const text = await answer.text();
      if (busy()) return;
      swap(text);
      tag = answer.headers.get("ETag") ?? "";
    }
    last = new Date();
    say(false);
  } catch {
    say(true);
  }
}
setInterval(refresh, EVERY);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() - last > EVERY) refresh();
});
say(false);

// --- keys

const links = () => [...document.querySelectorAll("#list a.headline")];
const row = () => document.activeElement?.closest("#list tbody tr");

function step(by) {
  const there = links();
  const at = there.indexOf(row()?.querySelector("a.headline"));
  there[Math.max(0, Math.min(there.length - 1, at < 0 ? 0 : at + by))]?.focus();
}

function acknowledge() {
  const here = row()?.querySelector("input[name=ref]");
  if (!ticked().length && here) here.checked = true;
  count();
  if (ticked().length) bulk.requestSubmit(bulk.querySelector("button[value=acknowledge]"));
}

function toggle() {
  const here = row()?.querySelector("input[name=ref]");
  if (here) here.checked = !here.checked;
  count();
}

const deeds = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => document.getElementById("q").focus(),
  "?": () => keys.showModal(),
  x: () => bulk && toggle(),
  a: () => bulk && acknowledge(),
};
// Enter in a field of a menu presses the button of that menu.
bulk?.addEventListener("keydown", (event) => {
  const sheet = event.key === "Enter" && event.target.matches("input") && event.target.closest(".sheet");
  if (!sheet) return;
  event.preventDefault();
  sheet.querySelector("button").click();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || busy()) return;
  const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
  const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (arrow && row()) step(arrow);
  else if (event.key === "Enter" && event.target.name === "ref") row().querySelector("a.headline").click();
  else if (!typing && deeds[event.key]) deeds[event.key]();
  else return;
  event.preventDefault();
});

const button = document.getElementById("keys-button");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => keys.showModal());
}
if (matchMedia("(min-width: 60rem)").matches) document.getElementById("filters").open = true;
