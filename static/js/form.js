// Forms: Enter goes on, Ctrl+Enter saves, one save a click, what was typed is kept.
// A form that holds a form_key (see {% form_head %}) is guarded; data-no-guard on the form opts out.
(() => {
  "use strict";
  const FIELDS = "input:not([type=hidden]):not([type=submit]):not([disabled]), select:not([disabled]), textarea:not([disabled])";
  const guarded = (form) => !form.hasAttribute("data-no-guard") && form.querySelector('input[name="form_key"]');
  const visible = (node) => node.offsetParent !== null && !node.closest("details:not([open])");
  const fieldsOf = (form) => [...form.elements].filter((node) => node.matches(FIELDS) && visible(node) && node.tabIndex >= 0);
  const submitOf = (form) => [...form.elements].find((node) => node.type === "submit" && node.matches(".button-primary")) || [...form.elements].find((node) => node.type === "submit");
  const finishOf = (form) => [...form.elements].find((node) => node.hasAttribute("data-finish")); // Ctrl+Shift+Enter

  // ---- dates and numbers are shown as they were understood, when the field is left ----
  const two = (text) => text.padStart(2, "0");
  function tidyDate(text, partial) {
    const value = text.trim();
    let parts = value.split(/[\s./,-]+/);
    if (parts.some((part) => !/^\d+$/.test(part))) return text;
    if (parts.length === 1 && value.length === 8) parts = [value.slice(0, 2), value.slice(2, 4), value.slice(4)];
    else if (partial && parts.length === 1 && value.length === 6) parts = [value.slice(0, 2), value.slice(2)];
    else if (parts.length === 3 && parts[0].length === 4) parts.reverse();
    if (parts[parts.length - 1].length !== 4 || parts.length > 3) return text;
    if (!partial && parts.length !== 3) return text;
    return [...parts.slice(0, -1).map(two), parts[parts.length - 1]].join("/");
  }
  function tidyTime(text) {
    const found = text.trim().match(/^(\d{1,2})\s*[:hg.]\s*(\d{2})?$|^(\d{2})(\d{2})$/i);
    if (!found) return text;
    const [hour, minute] = [found[1] || found[3], found[2] || found[4] || "00"];
    return Number(hour) < 24 && Number(minute) < 60 ? `${two(hour)}:${minute}` : text;
  }
  function tidyMoney(text) {
    const digits = text.replace(/[\s.đ₫]/g, "");
    return /^\d+$/.test(digits) ? digits.replace(/^0+(?=\d)/, "").replace(/\B(?=(\d{3})+(?!\d))/g, ".") : text;
  }
  document.addEventListener("focusout", ({ target }) => {
    if (target.dataset?.date && target.value) target.value = tidyDate(target.value, target.dataset.date === "partial");
    else if (target.dataset && "time" in target.dataset) target.value = tidyTime(target.value);
    else if (target.dataset?.number === "decimal") target.value = target.value.trim().replace(/^(-?\d+)\.(\d+)$/, "$1,$2");
    else if (target.dataset?.number === "money" && target.value) target.value = tidyMoney(target.value);
  });

  // ---- so many days from a day on: the number (data-days="first last", names) and the last day follow each other ----
  const DAY = 86400000;
  function dayIn(node) {
    const [, day, month, year] = tidyDate(node.value, false).match(/^(\d\d)\/(\d\d)\/(\d{4})$/) || [];
    const at = new Date(Date.UTC(year, month - 1, day));
    return at.getUTCDate() === Number(day) ? at.getTime() : null;
  }
  document.addEventListener("input", ({ target }) => {
    const box = target.form?.querySelector("[data-days]");
    if (!box) return;
    const [first, last] = box.dataset.days.split(" ").map((name) => box.form.elements[name]);
    const since = [box, first, last].includes(target) ? dayIn(first) : null;
    if (since === null) return;
    if (target === last) {
      const until = dayIn(last);
      box.value = until === null || until < since ? "" : (until - since) / DAY + 1;
    } else if (/^0*[1-9]\d{0,2}$/.test(box.value.trim())) {
      const at = new Date(since + (Number(box.value) - 1) * DAY);
      last.value = [two(String(at.getUTCDate())), two(String(at.getUTCMonth() + 1)), at.getUTCFullYear()].join("/");
    }
  });

  // ---- keys ----
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.defaultPrevented || event.isComposing) return;
    const node = event.target;
    const form = node.form;
    if (event.ctrlKey || event.metaKey) {
      // Outside any form: the page's own one, else the only one that is open. Of several none is meant.
      const open = [...document.forms].filter((each) => guarded(each) && !each.closest("details:not([open])"));
      const target = form || document.querySelector("form[data-main]") || (open.length === 1 ? open[0] : null);
      if (target) { event.preventDefault(); target.requestSubmit((event.shiftKey && finishOf(target)) || submitOf(target) || undefined); }
      return;
    }
    if (node.matches("textarea") && form && guarded(form)) {
      // In a text of several lines Enter goes on from an empty line at its end.
      if (node.selectionStart < node.value.length || (node.value && !node.value.endsWith("\n"))) return;
      event.preventDefault();
      node.value = node.value.trimEnd();
      goOn(node);
      return;
    }
    if (!form || !node.matches("input, select") || /^(submit|button|reset|file)$/.test(node.type)) return;
    if (form.hasAttribute("data-search") || node.closest("[data-enter-submits], [data-grid]")) return;
    event.preventDefault();
    goOn(node);
  });
  function goOn(node) {
    const form = node.form;
    const fields = fieldsOf(form);
    const radios = node.type === "radio" ? node.name : null;
    // A group whose first question (data-asks-first) is answered with no has no other.
    const group = node.type === "checkbox" && !node.checked && node.closest("[data-asks-first]");
    const passed = group && fields.find((field) => group.contains(field)) === node ? group : null;
    // What is seldom written (data-enter-skip) is passed over; Tab goes there.
    const next = fields.slice(fields.indexOf(node) + 1).find((field) => !(radios && field.name === radios) && !("enterSkip" in field.dataset) && !passed?.contains(field));
    (next || submitOf(form))?.focus();
    if (next?.select && next.type !== "checkbox" && next.type !== "radio") next.select();
  }
  window.tramyte.goOn = goOn;

  // ---- one press fills what is empty with what is usual (data-fill-with); pressed again it is taken back ----
  document.addEventListener("click", ({ target }) => {
    const filler = target.closest("[data-fill]");
    if (!filler) return;
    const box = document.getElementById(filler.dataset.fill);
    const fold = box.closest("details");
    if (fold) fold.open = true;
    const fields = [...box.querySelectorAll("[data-fill-with]")];
    const empty = fields.filter((field) => !field.value.trim());
    const same = fields.filter((field) => field.value === field.dataset.fillWith);
    (empty.length ? empty : same).forEach((field) => {
      field.value = empty.length ? field.dataset.fillWith : "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });

  // ---- a key or a press that opens a fold, or leads to a form of the page, goes into it (data-begin); a button that chooses in a list (data-choose) ----
  document.addEventListener("click", ({ target }) => {
    const begin = target.closest("summary[data-begin], a[data-begin]");
    const into = begin?.hash ? document.getElementById(begin.hash.slice(1)) : begin?.parentElement;
    if (begin) setTimeout(() => { if (into.open !== false) into.querySelector("input:not([type=hidden]), select").focus(); });
    const choice = target.closest("[data-choose]");
    const list = choice && choice.closest("form").elements[choice.dataset.choose];
    if (!list) return;
    list.value = choice.dataset.value;
    list.dispatchEvent(new Event("change", { bubbles: true }));
    list.focus();
  });

  // ---- a card scanned into a field goes to the search box, which knows what to do with it: the rest of the
  // scanner's letters follow the cursor there. A citizen number, an insurance number or card, and a bar.
  const SCAN = /(\d{12}|\d{10}|[a-zđ]{2}\d{13})\|.*$/i;
  document.addEventListener("input", ({ target }) => {
    const box = document.getElementById("search-q");
    if (!box || target === box || !target.form || !target.matches("input[type=text], input[type=tel], input:not([type]), textarea")) return;
    const scanned = target.value.match(SCAN)?.[0];
    if (!scanned) return;
    target.value = target.value.slice(0, -scanned.length);
    box.value = scanned;
    box.focus();
    box.setSelectionRange(scanned.length, scanned.length);
  });

  // ---- the draft: what is typed goes there every few seconds (components/draft.html), and the last words at once ----
  const DRAFT_MS = 1500; // how long the last words may take
  // Whether everything that is unsaved on the page is kept.
  function keepDraft() {
    const box = document.querySelector("#draft-kept[hx-post][hx-include]");
    const source = box && document.querySelector(box.getAttribute("hx-include"));
    if (!source || !changed.has(source)) return Promise.resolve(false); // looking leaves no draft
    const token = source.elements.csrfmiddlewaretoken.value;
    const sent = fetch(box.getAttribute("hx-post"), { method: "POST", body: new URLSearchParams(new FormData(source)), headers: { "X-CSRFToken": token, "HX-Request": "true" }, redirect: "manual", keepalive: true });
    const others = [...document.forms].some((form) => form !== source && changed.has(form)) || document.querySelector('[data-grid] tr[data-state="changed"]');
    return Promise.race([sent.then((answer) => answer.ok && !others, () => false), new Promise((done) => { setTimeout(done, DRAFT_MS, false); })]);
  }
  window.tramyte.keepDraft = keepDraft;

  // ---- unsaved changes ----
  const changed = new WeakSet();
  document.addEventListener("input", ({ target }) => { if (target.form && guarded(target.form)) changed.add(target.form); });
  document.addEventListener("change", ({ target }) => { if (target.form && guarded(target.form)) changed.add(target.form); });
  const unsaved = () => [...document.forms].some((form) => changed.has(form) && !form.dataset.sending) || document.querySelector('[data-grid] tr[data-state="changed"]');
  window.addEventListener("beforeunload", (event) => { if (unsaved()) event.preventDefault(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || link.target || link.hasAttribute("download") || link.getAttribute("href").startsWith("#")) return;
    if (link.hasAttribute("data-leave")) { [...document.forms].forEach((form) => changed.delete(form)); return; }
    if (!unsaved()) return;
    event.preventDefault();
    const first = document.getElementById(link.dataset.saves); // what leads on from a form saves it before
    if (first && changed.has(first)) {
      first.append(Object.assign(document.createElement("input"), { type: "hidden", name: "then", value: link.getAttribute("href") }));
      first.requestSubmit(submitOf(first));
      return;
    }
    const dialog = document.getElementById("leave-dialog");
    dialog.querySelector("[data-leave]").href = link.href;
    keepDraft().then((kept) => {
      dialog.querySelectorAll("[data-if-kept]").forEach((node) => { node.hidden = !kept; });
      dialog.querySelectorAll("[data-if-lost]").forEach((node) => { node.hidden = kept; });
      if (!dialog.open) dialog.showModal();
    });
  });

  // ---- submitting: once, and only when the server and the session are there ----
  function busy(form, on) {
    form.dataset.sending = on ? "1" : "";
    if (!on) delete form.dataset.sending;
    [...form.elements].filter((node) => node.type === "submit").forEach((button) => {
      button.classList.toggle("is-busy", on && button === form._pressed);
      button.setAttribute("aria-disabled", on);
    });
  }
  const settled = new WeakSet(); // forms that were asked and may go
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method === "dialog" || form.dataset.search !== undefined || event.defaultPrevented) return;
    if (form.dataset.sending && !settled.has(form)) { event.preventDefault(); return; }
    if (settled.has(form)) { settled.delete(form); return; }
    form._pressed = event.submitter;
    if (!guarded(form) || form.hasAttribute("hx-post")) { if (!form.hasAttribute("hx-post") && form.method === "post") busy(form, true); return; }
    event.preventDefault();
    busy(form, true);
    const state = await window.tramyte.alive();
    if (state !== "yes") { busy(form, false); form.elements.then?.remove(); window.tramyte.complain(state); return; }
    settled.add(form);
    form.requestSubmit(form._pressed || undefined);
  });
  window.addEventListener("pageshow", () => { [...document.forms].forEach((form) => { busy(form, false); }); });
  document.addEventListener("htmx:beforeRequest", ({ detail }) => { if (detail.elt.matches("form")) busy(detail.elt, true); });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (!detail.elt.matches("form")) return;
    busy(detail.elt, false);
    if (detail.successful) changed.delete(detail.elt);
  });

  // ---- a chosen file's name, in the line beside its button ----
  document.addEventListener("change", ({ target }) => {
    const told = target.type === "file" && target.parentElement.querySelector(".file-name");
    if (told) told.textContent = [...target.files].map((file) => file.name).join(", ") || told.dataset.none;
  });

  // ---- a choice that asks for more (data-opens, for the values data-opens-for): its fold opens, and Enter goes
  // through what stands in it ----
  document.addEventListener("change", ({ target }) => {
    const fold = target.dataset?.opens && document.getElementById(target.dataset.opens);
    if (!fold) return;
    const asks = target.dataset.opensFor.split(" ").includes(target.value);
    if (asks) fold.open = true;
    fold.querySelectorAll("input, select, textarea").forEach((node) => { if (asks) delete node.dataset.enterSkip; else node.dataset.enterSkip = ""; });
  });

  // ---- the browser's own bubbles speak the browser's language: the server's sentences are used instead ----
  const ready = (root) => root.querySelectorAll?.("form").forEach((form) => { form.noValidate = true; });
  ready(document);
  // What asks for the cursor gets it once: the page's own box has had it, and another line that comes in
  // beside it must not throw the cursor back there.
  const had = new WeakSet(document.querySelectorAll("[autofocus]"));
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    ready(detail.target.parentElement || document);
    const asks = [...(detail.target.querySelectorAll?.("[autofocus]") ?? [])].find((node) => !had.has(node));
    if (!asks) return;
    had.add(asks);
    asks.focus();
  });
  // A page whose cursor stands in the glued bar of buttons opens at its top: the bar is in sight anyway.
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (!isBack && !location.hash) window.addEventListener("load", () => {
    if (document.activeElement?.closest(".actions")) requestAnimationFrame(() => window.scrollTo(0, 0));
  });
  const firstWrong = document.querySelector('.has-error [aria-invalid="true"], .has-error input');
  if (firstWrong) firstWrong.focus();
})();
