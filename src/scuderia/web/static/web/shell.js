/* The page's own manners: live refresh, keys, theme, copy, dialogs. No eval, no inline anything. */
"use strict";

const NEAR_MS = 3000;
const FAR_MS = 60000;
const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector) => document.querySelector(selector);
const remember = (name, value) => {
  document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax`;
};

/* Live: fire `refresh` every 3 s while someone is here, else every 60 s. */
let touchedAt = Date.now();
let askedAt = Date.now();
let refreshedAt = Date.now();
for (const name of ["pointermove", "keydown", "scroll", "touchstart"]) {
  addEventListener(name, () => { touchedAt = Date.now(); }, { passive: true, capture: true });
}
const holdsFocus = (region) =>
  region.contains(document.activeElement) && document.activeElement !== linkOf(chosenRow());
const busy = (region) =>
  one("dialog[open]") || holdsFocus(region) ||
  (region.hasAttribute("data-live-ordered") && region.matches(":hover"));
setInterval(() => {
  const here = document.visibilityState === "visible" && Date.now() - touchedAt < FAR_MS;
  const age = Date.now() - refreshedAt;
  all("[data-as-of-age]").forEach((place) => { place.textContent = `${Math.round(age / 1000)} s ago`; });
  if (Date.now() - askedAt < (here ? NEAR_MS : FAR_MS)) return;
  askedAt = Date.now();
  all("[data-live]").filter((region) => !busy(region)).forEach((region) => htmx.trigger(region, "refresh"));
}, 1000);

/* The row that the keys stand on is known by its key: a refresh replaces the row, not the choice. */
let chosen = null;
const linkOf = (row) => (row?.matches("a") ? row : row?.querySelector("a"));
const chosenRow = () => one("[data-row][aria-selected='true']");
const choose = (rows, at) => {
  rows.forEach((row, index) => (index === at ? row.setAttribute("aria-selected", "true") : row.removeAttribute("aria-selected")));
  chosen = { key: rows[at].dataset.key, at };
};
const chooseAgain = (focused) => {
  const rows = all("[data-row]");
  if (!chosen || !rows.length) return;
  const same = rows.findIndex((row) => chosen.key && row.dataset.key === chosen.key);
  const at = same >= 0 ? same : Math.min(rows.length - 1, chosen.at);
  choose(rows, at);
  if (focused) linkOf(rows[at])?.focus({ preventScroll: true });
};

/* What changed since the last refresh is tinted for a second. */
const versions = (region) =>
  new Map(all("[data-key]", region).map((row) => [row.dataset.key, row.dataset.version]));
let before = new Map();
let focused = false;
document.addEventListener("htmx:beforeSwap", (event) => {
  const region = event.detail.target;
  const refresh = region.hasAttribute("data-live") && event.detail.requestConfig.elt === region;
  if (refresh && busy(region)) event.detail.shouldSwap = false; /* what a person asked for comes in */
  else before = versions(region);
  focused = chosenRow() !== null && document.activeElement === linkOf(chosenRow());
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target.hasAttribute("data-live")) refreshedAt = Date.now();
  chooseAgain(focused);
});
document.addEventListener("htmx:afterSettle", () => {
  if (!before.size) return;
  for (const row of all("[data-live] [data-key]")) {
    if (before.has(row.dataset.key) && before.get(row.dataset.key) !== row.dataset.version) {
      row.classList.add("changed");
      setTimeout(() => row.classList.remove("changed"), 1000);
    }
  }
  before = new Map();
});

/* Dialogs, copy, dismiss, theme, density. */
const open = (name) => {
  const dialog = one(`dialog[data-dialog="${CSS.escape(name)}"]`);
  if (dialog && !dialog.open) dialog.showModal();
};
const next = (options, current) => options[(options.indexOf(current) + 1) % options.length];
const presses = {
  opens: (button) => open(button.dataset.opens),
  closes: (button) => button.closest("dialog").close(),
  dismiss: (button) => button.closest(".toast").remove(),
  copy: (button) => {
    navigator.clipboard?.writeText(button.dataset.copy);
    button.dataset.copied = "";
    setTimeout(() => { delete button.dataset.copied; }, 1200);
  },
  themeNext: (button) => {
    const theme = next(["auto", "light", "dark"], root.dataset.theme ?? "auto");
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    remember("theme", theme);
    button.textContent = `Theme: ${theme}`;
    document.dispatchEvent(new Event("theme"));
  },
  densityNext: (button) => {
    const density = next(["normal", "compact"], root.dataset.density ?? "normal");
    root.dataset.density = density;
    remember("density", density);
    button.textContent = `Rows: ${density}`;
  },
  keysToggle: (button) => {
    const on = localStorage.getItem("keys") === "off";
    localStorage.setItem("keys", on ? "on" : "off");
    sayKeys(button);
  },
};
const sayKeys = (button) => {
  const on = localStorage.getItem("keys") !== "off";
  button.textContent = `Single keys: ${on ? "on" : "off"}`;
  button.setAttribute("aria-pressed", String(on));
};
all("[data-keys-toggle]").forEach(sayKeys);
document.addEventListener("click", (event) => {
  if (event.target.matches("dialog")) { event.target.close(); return; }
  const button = event.target.closest("button");
  if (!button) return;
  for (const [name, press] of Object.entries(presses)) {
    if (name in button.dataset) press(button);
  }
});
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-submit-on-change]")) event.target.form.requestSubmit();
});

/* Keys. A single key moves or opens; none decides. */
const move = (by) => {
  const rows = all("[data-row]");
  if (!rows.length) return;
  const to = Math.min(rows.length - 1, Math.max(0, rows.indexOf(chosenRow()) + by));
  choose(rows, to);
  linkOf(rows[to])?.focus();
  focused = true; // also for a refresh that is under way
  rows[to].scrollIntoView({ block: "nearest" });
};
/* A closed dialog keeps the focus until the next frame is drawn; keys pressed by then are the page's. */
const typing = (place) =>
  one("dialog[open]") || (place.closest("input, select, textarea") && !place.closest("dialog"));
let went = 0;
const single = {
  "?": () => open("keys"),
  "/": () => one("[data-filter]")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  g: () => { went = Date.now(); },
};
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    one("[data-search-open]")?.click();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("keys") === "off") return;
  if (typing(event.target)) return;
  if (Date.now() - went < 1500 && event.key !== "g") {
    went = 0;
    one(`[data-go="${CSS.escape(event.key)}"]`)?.click();
    return;
  }
  const button = one(`[data-key-press="${CSS.escape(event.key)}"]`);
  if (button?.dataset.opens) { event.preventDefault(); open(button.dataset.opens); return; }
  if (single[event.key]) { event.preventDefault(); single[event.key](); }
});

/* Says that keys and clicks are heard from now on. */
root.dataset.ready = "";
