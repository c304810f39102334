"use strict";
(() => {
  const form = document.getElementById("filter");
  const text = document.getElementById("filter-text");
  const count = document.getElementById("filter-count");
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const units = [...document.querySelectorAll(".unit")];
  const words = new Map(units.map((unit) => [unit, unit.textContent.toLowerCase()]));
  form.hidden = false;

  const filter = () => {
    const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const unit of units) {
      const show = verdicts.has(unit.dataset.verdict) && words.get(unit).includes(wanted);
      unit.hidden = !show;
      shown += show ? 1 : 0;
    }
    count.textContent = `${shown} of ${units.length} units shown`;
  };

  const fold = (open) => {
    for (const unit of units) {
      if (!unit.hidden && "open" in unit) { unit.open = open; }
    }
  };

  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.classList.contains("unit")) { return; }
    target.hidden = false;
    if ("open" in target) { target.open = true; }
    target.scrollIntoView();
  };

  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("expand").addEventListener("click", () => fold(true));
  document.getElementById("fold").addEventListener("click", () => fold(false));
  window.addEventListener("hashchange", follow);
  filter();
  follow();
})();
