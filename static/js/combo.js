// Boxes that answer with a list while one types: the search box (rows are links) and the code picker (rows are codes).
// htmx brings the rows; this file moves through them, takes one, and keeps the picker's hidden values.
(() => {
  "use strict";
  const boxOf = (list) => document.querySelector(`[aria-controls="${CSS.escape(list.id)}"]`);
  const listOf = (box) => document.getElementById(box.getAttribute("aria-controls"));
  const optionsOf = (list) => [...list.querySelectorAll('[role="option"]:not([aria-disabled])')];
  const activeOf = (list) => list.querySelector(".option.is-active");
  const isCombo = (node) => node?.getAttribute?.("role") === "combobox";

  function show(box, on) {
    const list = listOf(box);
    const was = !list.hidden;
    list.hidden = !on;
    if (on && pickerOf(box) && !box.closest("[data-grid]")) fit(box, list);
    if (was === on) return;
    if (on && box.closest("[data-grid]")) place(box, list);
    box.setAttribute("aria-expanded", on);
    if (!on) { mark(box, null); }
  }
  // At the low end of the window the list opens upwards: neither the edge nor the bar of buttons hides it.
  const LEAST = 220; // so much of a list is worth opening downwards
  function fit(box, list) {
    const edge = (selector, side, none) => {
      const bar = document.querySelector(selector);
      return bar && /sticky|fixed/.test(getComputedStyle(bar).position) ? bar.getBoundingClientRect()[side] : none;
    };
    const around = list.parentElement.getBoundingClientRect();
    const below = edge(".actions", "top", window.innerHeight) - around.bottom - 12;
    const above = around.top - Math.max(...[".top", ".banner", ".dangers"].map((bar) => edge(bar, "bottom", 0))) - 12;
    list.style.maxHeight = "";
    const isAbove = below < Math.min(LEAST, list.offsetHeight) && above > below;
    list.classList.toggle("is-above", isAbove);
    list.style.maxHeight = `min(${getComputedStyle(list).maxHeight}, ${Math.max(isAbove ? above : below, 120)}px)`;
  }
  // Inside a grid, which scrolls, the list would be cut off: it stands above the page instead.
  function place(box, list) {
    const at = box.getBoundingClientRect();
    const below = window.innerHeight - at.bottom;
    Object.assign(list.style, { position: "fixed", left: `${Math.max(4, Math.min(at.left, window.innerWidth - 400))}px`, right: "auto", width: "min(24rem, 92vw)" });
    if (below < 220) Object.assign(list.style, { top: "auto", bottom: `${window.innerHeight - at.top + 4}px`, maxHeight: `${at.top - 12}px` });
    else Object.assign(list.style, { top: `${at.bottom + 4}px`, bottom: "auto", maxHeight: `${below - 12}px` });
  }
  function mark(box, option) {
    const list = listOf(box);
    optionsOf(list).forEach((row, index) => {
      row.id ||= `${list.id}-${index}`;
      const on = row === option;
      row.classList.toggle("is-active", on);
      row.setAttribute("aria-selected", on);
    });
    if (option) { box.setAttribute("aria-activedescendant", option.id); option.scrollIntoView({ block: "nearest" }); }
    else box.removeAttribute("aria-activedescendant");
  }
  function step(box, by) {
    const list = listOf(box);
    const rows = optionsOf(list);
    if (!rows.length) return;
    const at = rows.indexOf(activeOf(list));
    mark(box, rows[(at + by + rows.length + (at < 0 && by < 0 ? 1 : 0)) % rows.length]);
  }

  // ---- picker: what was chosen ----
  const pickerOf = (node) => node.closest("[data-picker]");
  const chosenOf = (picker) => [...picker.querySelectorAll('.picker-chosen input[type="hidden"]')].map((input) => input.value);
  function changed(picker) { picker.querySelector(".picker-box").dispatchEvent(new Event("change", { bubbles: true })); }
  function take(picker, option) {
    const { code, name } = option.dataset;
    const box = picker.querySelector(".picker-box");
    const chosen = picker.querySelector(".picker-chosen");
    if (!picker.hasAttribute("data-multiple")) chosen.replaceChildren();
    if (!chosenOf(picker).includes(code)) {
      const tag = document.createElement("span");
      tag.className = "picked";
      tag.dataset.code = code;
      const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: picker.dataset.name, value: code });
      const bold = document.createElement("b");
      bold.textContent = code;
      const words = document.createElement("span");
      words.textContent = name;
      const remove = Object.assign(document.createElement("button"), { type: "button", className: "picked-remove", textContent: "×" });
      remove.setAttribute("aria-label", `Bỏ ${code} ${name}`);
      tag.append(hidden, bold, words, remove);
      chosen.append(tag);
    }
    box.value = "";
    delete box.dataset.answered; // its list goes: the same words typed again are not answered yet
    picker.querySelector("[data-unchosen]")?.remove();
    listOf(box).replaceChildren();
    show(box, false);
    changed(picker);
    picker.dispatchEvent(new CustomEvent("picker:chosen", { bubbles: true, detail: { code, name, option } }));
  }

  // Enter on a row: it is taken, and the cursor goes on.
  function enter(box, option) {
    const picker = pickerOf(box);
    take(picker, option);
    if (box.form && !picker.hasAttribute("data-multiple") && !box.closest("[data-grid]")) window.tramyte.goOn(box);
  }
  // An Enter typed before the list has come waits for the answer to exactly these words. What is typed meanwhile
  // is held for the fields that come after; Escape, or leaving the box, gives it up.
  let held = [];
  function waits(box, on) {
    if (on) box.dataset.entered = box.value;
    else delete box.dataset.entered;
    box.setAttribute("aria-busy", on);
    if (!on) held = [];
  }
  function release() {
    const keys = held;
    held = [];
    while (keys.length) {
      const node = document.activeElement;
      if (node.dataset?.entered !== undefined) { held.push(...keys); return; } // the next list is waited for, too
      const key = keys.shift();
      if (key === "Enter") node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      else if (node.matches("input, textarea")) document.execCommand("insertText", false, key); // as if typed
    }
  }
  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (!isCombo(box) || box.dataset.entered === undefined || !event.isTrusted || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key.length === 1 || event.key === "Enter") held.push(event.key);
    else if (event.key === "Escape") waits(box, false);
    else if (event.key !== "Backspace" || !held.pop()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  for (const failed of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(failed, ({ target }) => { if (isCombo(target)) waits(target, false); });
  }

  document.addEventListener("htmx:configRequest", (event) => {
    const box = event.target;
    if (!isCombo(box)) return;
    const picker = pickerOf(box);
    const on = box.form?.elements[box.dataset.dayOf]?.value || box.dataset.on;
    const { whom } = box.dataset;
    event.detail.parameters = picker ? { q: box.value, chosen: chosenOf(picker), ...(on && { on }), ...(whom && { whom }) } : { q: box.value };
    if (!picker && !box.value.trim()) { event.preventDefault(); show(box, false); }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const list = event.detail.target;
    if (list.getAttribute("role") !== "listbox") return;
    const box = boxOf(list);
    if (document.activeElement !== box) return;
    // What this list answers: while one types on, the answer to what stood there before may still come in.
    const asked = String(event.detail.requestConfig?.parameters?.q ?? box.value);
    const fresh = asked === box.value;
    // Nothing typed and nothing frequent: a sentence about no results would only hide the next field.
    show(box, Boolean(box.value.trim() || optionsOf(list).length));
    // What holds not all of the words is shown, and chosen on purpose only.
    mark(box, fresh && asked.trim() && !list.querySelector("[data-near]") ? optionsOf(list)[0] : null);
    box.dataset.answered = asked;
    if (!fresh || box.dataset.entered !== asked) return;
    const option = activeOf(list);
    const keys = held;
    waits(box, false);
    if (!option) return;
    enter(box, option);
    held = keys;
    release();
  });
  document.addEventListener("input", ({ target }) => {
    if (!isCombo(target)) return;
    waits(target, false);
    pickerOf(target)?.querySelector("[data-unchosen]")?.remove();
  });

  document.addEventListener("keydown", (event) => {
    const box = event.target;
    if (!isCombo(box) || event.isComposing) return;
    const list = listOf(box);
    const picker = pickerOf(box);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden && list.childElementCount) show(box, true);
      else if (list.hidden && picker) window.htmx.trigger(box, "picker:open");
      step(box, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      show(box, false);
    } else if (event.key === "Backspace" && picker && !box.value) {
      const last = picker.querySelector(".picked:last-child");
      if (last) { last.remove(); changed(picker); }
    } else if (event.key === "Enter" && !event.ctrlKey) {
      const fresh = box.dataset.answered === box.value;
      const option = activeOf(list);
      if (!list.hidden && option && fresh) {
        event.preventDefault();
        if (picker) enter(box, option);
        else window.location.assign(option.href);
      } else if (picker && box.value.trim()) {
        event.preventDefault(); // the list has not answered yet: stay
        if (!fresh) waits(box, true);
      }
    }
  });
  document.addEventListener("focusin", ({ target }) => {
    if (!isCombo(target) || !pickerOf(target) || chosenOf(pickerOf(target)).length || target.value) return;
    // What stands around it is to be seen first: once, or while that is there (a selector). An arrow opens the list.
    const { still } = target.dataset;
    if (still === "once") delete target.dataset.still;
    else if (!still || !document.querySelector(still)) window.htmx.trigger(target, "picker:open");
  });
  document.addEventListener("focusout", ({ target }) => {
    if (!isCombo(target)) return;
    waits(target, false);
    setTimeout(() => { if (document.activeElement !== target) show(target, false); }, 150);
  });
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest(".picker .listbox")) event.preventDefault(); // keep the cursor in the box
  });
  document.addEventListener("click", (event) => {
    const remove = event.target.closest(".picked-remove");
    if (remove) {
      const picker = pickerOf(remove);
      remove.closest(".picked").remove();
      changed(picker);
      picker.querySelector(".picker-box").focus();
      return;
    }
    const offered = event.target.closest("[data-pick-into]"); // a code that goes with what was chosen
    if (offered) {
      const picker = document.querySelector(`[data-picker][data-name="${CSS.escape(offered.dataset.pickInto)}"]`);
      const fold = picker.closest("details");
      if (fold) fold.open = true;
      take(picker, offered);
      picker.querySelector(".picker-box").focus();
      return;
    }
    const option = event.target.closest('.picker [role="option"]:not([aria-disabled])');
    if (option) take(pickerOf(option), option);
  });

  // ---- words that were typed and not chosen are not saved: they are told before anything is sent, and stay ----
  document.addEventListener("submit", (event) => {
    const box = [...event.target.elements].find((node) => isCombo(node) && pickerOf(node) && !node.closest("[data-grid]") && node.value.trim());
    if (!box) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    event.target.elements.then?.remove(); // nothing was saved, nothing is gone on to
    const picker = pickerOf(box);
    picker.querySelector("[data-unchosen]")?.remove();
    const told = Object.assign(document.createElement("p"), { className: "error", textContent: `Chưa lưu: chưa chọn mục nào cho chữ “${box.value.trim()}”. Chọn trong danh sách, hoặc xóa chữ đã gõ.` });
    told.dataset.unchosen = "";
    told.setAttribute("role", "alert");
    picker.append(told);
    const fold = picker.closest("details");
    if (fold) fold.open = true;
    box.focus();
  }, true);
})();
