/* Tables' own manners: what a form leaves empty is not said in the address; one view is open at a time. */
"use strict";

document.addEventListener("formdata", (event) => {
  if (!event.target.hasAttribute("data-table-form")) return;
  const empty = [...event.formData.entries()].filter(([, value]) => value === "");
  empty.forEach(([name]) => event.formData.delete(name));
});

document.addEventListener("click", (event) => {
  document.querySelectorAll(".data-table__view[open]").forEach((view) => {
    if (!view.contains(event.target)) view.open = false;
  });
});

document.addEventListener("keydown", (event) => {
  const view = event.key === "Escape" && event.target.closest?.(".data-table__view[open]");
  if (view) { view.open = false; view.querySelector("summary").focus(); }
});
