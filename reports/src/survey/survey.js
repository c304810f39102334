"use strict";
(() => {
  const table = document.getElementById("products");
  const heads = [...table.tHead.rows[0].cells];
  const bodies = [...table.tBodies];
  const words = new Map(bodies.map((body) => [body, body.textContent.toLowerCase()]));
  const form = document.getElementById("filter");
  const text = document.getElementById("filter-text");
  const open = document.getElementById("filter-open");
  const count = document.getElementById("filter-count");
  form.hidden = false;

  const filter = () => {
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const body of bodies) {
      const show = words.get(body).includes(wanted) && (!open.checked || body.dataset.failed !== "0");
      body.hidden = !show;
      shown += show ? 1 : 0;
    }
    count.textContent = `${shown} of ${bodies.length} products shown`;
  };

  const key = (body, column) => {
    const cell = body.rows[0].cells[column];
    const rank = cell.dataset.sort;
    return rank === undefined ? cell.textContent.trim().toLowerCase() : Number(rank);
  };

  const sort = (column) => {
    const head = heads[column];
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = bodies.map((body, place) => [key(body, column), place, body]);
    keyed.sort(([a, i], [b, j]) => {
      const order = typeof a === "number" ? a - b : a.localeCompare(b);
      return (down ? -order : order) || i - j;
    });
    table.append(...keyed.map(([, , body]) => body));
  };

  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    button.disabled = false;
    button.addEventListener("click", () => sort(column));
  });
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
