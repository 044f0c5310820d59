/* Draws each chart's spec in the page's own colours; drawn again when the theme changes. */
const probe = document.createElement("i");
probe.hidden = true;
document.body.append(probe);
const colour = (name) => {
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
};
const coloured = (value) => {
  if (typeof value === "string" && value.startsWith("token:")) return colour(value.slice(6));
  if (Array.isArray(value)) return value.map(coloured);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, coloured(item)]));
  }
  return value;
};

/* `ast` makes Vega interpret its expressions, which a policy without eval allows;
   the default styles are left out because they would be injected inline. */
const options = {
  ast: true,
  actions: false,
  renderer: "canvas",
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true },
};
async function draw() {
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const spec = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    const place = figure.querySelector(".chart__place");
    await window.vegaEmbed(place, coloured(spec), options);
    figure.dataset.drawn = "";
  }
}
draw();
document.addEventListener("theme", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
