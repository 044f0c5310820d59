/* The search dialog: arrows walk what was found, Enter opens the first, Esc closes. */
"use strict";

const searching = document.querySelector("dialog[data-dialog='search']");
if (searching) {
  const box = searching.querySelector("[data-search-box]");
  const results = () => searching.querySelector("[data-search-results]");
  const hits = () => [...searching.querySelectorAll("[data-search-hit]")];
  const answered = () => results().dataset.for === box.value.trim().replace(/\s+/g, " ");
  let waits = false; // Enter was pressed before the answer was there

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-search-open]") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (!searching.open) searching.showModal();
    box.select();
  });
  searching.querySelector("form").addEventListener("submit", (event) => {
    if (answered() && !hits().length) return; // the page of its own says why there is nothing
    event.preventDefault();
    if (answered()) { hits()[0].click(); return; }
    waits = true;
    htmx.trigger(box, "ask");
  });
  searching.addEventListener("htmx:afterSwap", () => {
    if (!waits || !answered()) return;
    waits = false;
    hits()[0]?.click();
  });
  searching.addEventListener("htmx:responseError", () => { waits = false; });
  box.addEventListener("input", () => { waits = false; });
  searching.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    const stops = [box, ...hits()];
    const to = Math.min(stops.length - 1, Math.max(0, stops.indexOf(document.activeElement) + by));
    event.preventDefault();
    stops[to].focus();
  });
}
