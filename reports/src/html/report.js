"use strict";
(() => {
  const form = document.getElementById("filter");
  const units = [...document.querySelectorAll(".unit")];
  const groups = [...document.querySelectorAll(".group")];
  const find = (name) => document.getElementById(`filter-${name}`);
  const [text, group, sample, method, count] = ["text", "group", "sample", "method", "count"].map(find);
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  const value = (control) => (control ? control.value : "");
  let words = null;

  // Text of ten thousand units is gathered when it is first asked for.
  const says = (unit, wanted) => {
    if (wanted === "") { return true; }
    words ??= new Map(units.map((each) => [each, each.textContent.toLowerCase()]));
    return words.get(unit).includes(wanted);
  };

  const filter = () => {
    const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const each of groups) {
      const inGroup = value(group) === "" || each.dataset.g === value(group);
      let any = false;
      for (const unit of each.querySelectorAll(".unit")) {
        const { v, s, m = "automated" } = unit.dataset;
        const verdict = value(sample) === "" ? v : s[Number(value(sample))];
        const show = inGroup && verdicts.has(verdict) && (value(method) === "" || m === value(method)) && says(unit, wanted);
        unit.hidden = !show;
        any ||= show;
        shown += show ? 1 : 0;
      }
      each.hidden = !any;
    }
    count.textContent = `${shown} of ${units.length} units shown`;
  };

  const fold = (open) => {
    for (const unit of units) {
      if (!unit.hidden && "open" in unit) { unit.open = open; }
    }
  };

  // A link from elsewhere shows its target whatever is filtered or folded.
  const follow = () => {
    let name = location.hash.slice(1);
    try { name = decodeURIComponent(name); } catch { return; }
    const target = name && document.getElementById(name);
    if (!target) { return; }
    for (let at = target; at; at = at.parentElement) {
      at.hidden = false;
      if ("open" in at) { at.open = true; }
    }
    target.scrollIntoView();
    if (target.classList.contains("unit")) { (target.querySelector("summary") ?? target).focus({ preventScroll: true }); }
  };

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  document.getElementById("expand").addEventListener("click", () => fold(true));
  document.getElementById("fold").addEventListener("click", () => fold(false));
  window.addEventListener("hashchange", follow);
  filter();
  follow();
})();
