// The keyboard grid (components/grid.html): Enter and arrows move, a block pasted from Excel fills cells,
// a row saves itself when it is left. The server answers JSON: {version, values, message} or, with status
// 422, {errors: {column: sentence}}; 409 with {message, version, values} when somebody else was first.
(() => {
  "use strict";
  const CELLS = 'input:not([type="hidden"]), select'; // a picker's chosen codes are hidden inputs beside its box
  const rowOf = (node) => node.closest("tr[data-key]");
  const gridOf = (node) => node.closest("[data-grid]");
  const rowsOf = (grid) => [...grid.querySelectorAll("tr[data-key]")];
  const cellsOf = (row) => [...row.querySelectorAll(CELLS)];
  const sentOf = (row) => [...row.querySelectorAll("input[name], select[name]")];
  const valuesOf = (row) => [...row.querySelectorAll("input, select")].map((cell) => cell.value).join("\u001f");
  const cellOf = (row, column) => cellsOf(row).find((node) => node.name === column || node.closest("[data-picker]")?.dataset.name === column);

  const WORDS = { changed: "Chưa lưu", saving: "Đang lưu…", saved: "Đã lưu", error: "Có ô cần sửa", offline: "Chưa lưu, mất mạng", conflict: "Người khác vừa sửa" };
  function state(row, name, words) {
    row.dataset.state = name;
    row.querySelector(".row-state").textContent = words || WORDS[name] || "";
  }
  // What has become a record of its own is changed there, not in the grid.
  function close(row, url) {
    row.querySelectorAll("input").forEach((node) => { node.readOnly = true; node.removeAttribute("placeholder"); });
    row.querySelectorAll("select, .picked-remove").forEach((node) => { node.disabled = true; });
    if (!url) return;
    const link = Object.assign(document.createElement("a"), { href: url, textContent: row.querySelector(".row-state").textContent });
    row.querySelector(".row-state").replaceChildren(link);
  }
  function clearErrors(row) {
    row.querySelectorAll(".cell-error").forEach((node) => node.remove());
    row.querySelectorAll(".has-error").forEach((cell) => cell.classList.remove("has-error"));
    cellsOf(row).forEach((cell) => cell.removeAttribute("aria-invalid"));
  }
  function showErrors(row, errors) {
    Object.entries(errors).forEach(([column, sentence]) => {
      const cell = cellOf(row, column);
      if (!cell) { state(row, "error", sentence); return; }
      const words = document.createElement("span");
      words.className = "cell-error";
      words.textContent = sentence;
      cell.setAttribute("aria-invalid", "true");
      const box = cell.closest("td");
      box.classList.add("has-error");
      box.append(words);
    });
  }
  function fill(row, values) {
    Object.entries(values || {}).forEach(([column, value]) => {
      const cell = cellsOf(row).find((node) => node.name === column);
      if (cell && cell !== document.activeElement) cell.value = value;
    });
  }

  // One row at a time and never twice at once; a row changed while it was being saved is saved again.
  async function save(row) {
    if (row.dataset.saving) { row.dataset.again = "1"; return; }
    const sent = valuesOf(row);
    if (sent === row.saved) return;
    row.dataset.saving = "1";
    state(row, "saving");
    clearErrors(row);
    const body = new URLSearchParams({ row: row.dataset.key, version: row.dataset.version, form_key: crypto.randomUUID?.() || "" });
    sentOf(row).forEach((cell) => body.append(cell.name, cell.value));
    const token = document.querySelector('input[name="csrfmiddlewaretoken"]')?.value || JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || "";
    try {
      const answer = await fetch(gridOf(row).dataset.saveUrl, { method: "POST", body, headers: { "X-CSRFToken": token, Accept: "application/json" }, redirect: "manual" });
      const found = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
      if (answer.ok) {
        row.saved = sent;
        if (found.version !== undefined) row.dataset.version = found.version;
        fill(row, found.values);
        if (valuesOf(row) === sent || !row.dataset.again) row.saved = valuesOf(row);
        state(row, "saved", found.message);
        if (found.done) close(row, found.url);
      } else if (answer.status === 422) {
        state(row, "error");
        showErrors(row, found.errors || {});
      } else if (answer.status === 409) {
        state(row, "error", found.message || WORDS.conflict);
      } else if (answer.status === 401 || answer.type === "opaqueredirect") {
        state(row, "changed");
        window.tramyte.complain("no");
      } else {
        state(row, "changed", "Chưa lưu được, thử lại");
      }
    } catch {
      state(row, "changed", WORDS.offline);
    } finally {
      delete row.dataset.saving;
      if (row.dataset.again) { delete row.dataset.again; if (!document.activeElement || rowOf(document.activeElement) !== row) save(row); }
    }
  }
  function touched(row) {
    if (valuesOf(row) === row.saved) { if (row.dataset.state === "changed") { row.dataset.state = ""; row.querySelector(".row-state").textContent = ""; } return; }
    if (row.dataset.state !== "error") state(row, "changed");
  }

  function go(cell, down, across) {
    const row = rowOf(cell);
    const rows = rowsOf(gridOf(cell));
    const column = cellsOf(row).indexOf(cell);
    const target = cellsOf(rows[rows.indexOf(row) + down] || row)[column + across];
    if (!target) return false;
    target.focus();
    target.select?.();
    return true;
  }
  // The next cell; after the last of a row the first of the next one.
  function along(cell, by) {
    const row = rowOf(cell);
    const cells = cellsOf(row);
    let at = cells.indexOf(cell) + by;
    while (cells[at] && "enterSkip" in cells[at].dataset) at += by; // what is seldom written: Tab goes there
    if (cells[at]) { cells[at].focus(); cells[at].select?.(); return; }
    const rows = rowsOf(gridOf(cell));
    const next = rows[rows.indexOf(row) + by];
    if (next) { const others = cellsOf(next); others[by > 0 ? 0 : others.length - 1].focus(); } else save(row);
  }
  document.addEventListener("picker:chosen", ({ target }) => {
    if (gridOf(target)) setTimeout(() => go(target.querySelector(".picker-box"), 0, 1));
  });
  document.addEventListener("keydown", (event) => {
    const cell = event.target;
    if (!cell.matches?.(CELLS) || !gridOf(cell) || event.isComposing || event.defaultPrevented) return;
    const text = cell.tagName === "INPUT";
    const atStart = !text || (cell.selectionStart === 0 && cell.selectionEnd === 0) || (cell.selectionStart === 0 && cell.selectionEnd === cell.value.length);
    const atEnd = !text || (cell.selectionStart === cell.value.length) || (cell.selectionStart === 0 && cell.selectionEnd === cell.value.length);
    let moved = true;
    if (event.key === "Enter" && event.ctrlKey) save(rowOf(cell));
    else if (event.key === "Enter" && gridOf(cell).hasAttribute("data-across")) along(cell, event.shiftKey ? -1 : 1);
    else if (event.key === "Enter") go(cell, event.shiftKey ? -1 : 1, 0) || save(rowOf(cell));
    else if (event.key === "ArrowDown" && text) go(cell, 1, 0);
    else if (event.key === "ArrowUp" && text) go(cell, -1, 0);
    else if (event.key === "ArrowLeft" && text && atStart) moved = go(cell, 0, -1);
    else if (event.key === "ArrowRight" && text && atEnd) moved = go(cell, 0, 1);
    else if (event.key === "Escape" && text) { cell.value = cell.dataset.before ?? cell.value; touched(rowOf(cell)); }
    else moved = false;
    if (moved) event.preventDefault();
  });
  document.addEventListener("focusin", ({ target }) => {
    if (target.matches?.(CELLS) && gridOf(target)) target.dataset.before = target.value;
  });
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    if (!target.matches?.(CELLS) || !gridOf(target)) return;
    const row = rowOf(target);
    // after form.js has tidied the value
    setTimeout(() => { touched(row); if (!relatedTarget || rowOf(relatedTarget) !== row) save(row); });
  });
  document.addEventListener("input", ({ target }) => { if (target.matches?.(CELLS) && gridOf(target)) touched(rowOf(target)); });

  document.addEventListener("paste", (event) => {
    const cell = event.target;
    if (!cell.matches?.("input") || !gridOf(cell)) return;
    const text = event.clipboardData.getData("text/plain").replace(/\r/g, "").replace(/\n$/, "");
    if (!/[\t\n]/.test(text)) return;
    event.preventDefault();
    const rows = rowsOf(gridOf(cell));
    const top = rows.indexOf(rowOf(cell));
    const left = cellsOf(rowOf(cell)).indexOf(cell);
    const filled = new Set();
    const lines = text.split("\n");
    lines.forEach((line, down) => line.split("\t").forEach((value, across) => {
      const target = rows[top + down] && cellsOf(rows[top + down])[left + across];
      if (!target) return;
      if (target.tagName === "SELECT") {
        const option = [...target.options].find((item) => item.value === value.trim() || item.text.toLowerCase() === value.trim().toLowerCase());
        if (option) target.value = option.value;
      } else target.value = value.trim();
      filled.add(rows[top + down]);
    }));
    [...filled].forEach(touched);
    const lost = lines.length - (rows.length - top);
    window.tramyte.toast(`Đã dán ${filled.size} dòng.${lost > 0 ? ` Thừa ${lost} dòng không có chỗ.` : ""}`, lost > 0 ? "warning" : "info");
    [...filled].reduce((before, row) => before.then(() => save(row)), Promise.resolve());
  });

  document.querySelectorAll("[data-grid] tr[data-key]").forEach((row) => { row.saved = valuesOf(row); });
  // A grid that is the page's work begins in its first empty cell: a slip is scanned without a key before it.
  const first = document.querySelector("[data-grid]:is([data-across], [data-begin]) tr[data-key]");
  if (first && document.activeElement === document.body) (cellsOf(first).find((cell) => !cell.value) || cellsOf(first)[0])?.focus({ preventScroll: true });
})();
