// Every page: shortcuts, menus, toasts, rows that open on Enter, and what happens when the session or the line is lost.
(() => {
  "use strict";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const typing = (node) => node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName));

  // ---- toasts ----
  const TOAST_SECONDS = 8; // long enough to read two lines; a danger stays until it is closed
  function settle(toast) {
    const lasting = /toast-(danger|error)/.test(toast.className);
    if (!lasting) setTimeout(() => { toast.classList.add("is-over"); measureBars(); }, TOAST_SECONDS * 1000);
  }
  function toast(text, state = "info") {
    const box = document.createElement("div");
    box.className = `toast toast-${state}`;
    box.dataset.toast = "";
    const words = document.createElement("span");
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "toast-close";
    close.setAttribute("aria-label", "Đóng lời báo");
    close.textContent = "×";
    box.append(words, close);
    $$(".is-over", $("#toasts")).forEach((over) => over.remove());
    $("#toasts").append(box);
    settle(box);
    measureBars();
  }
  window.tramyte = { toast };

  // ---- the session: is it there, whose is it, and a fresh token for the forms on the page ----
  const ALIVE = $('meta[name="alive-url"]')?.content;
  let waitingForSignIn = false;
  // Answers "yes", "no" (signed out), "other" (somebody else signed in) or "offline".
  async function alive() {
    if (!ALIVE) return "yes";
    let answer;
    try {
      answer = await fetch(ALIVE, { headers: { Accept: "application/json" }, cache: "no-store", redirect: "manual" });
    } catch {
      return "offline";
    }
    if (answer.status !== 200) return answer.status >= 500 ? "offline" : "no";
    const { user, csrf } = await answer.json();
    if (document.body.dataset.user && String(user) !== document.body.dataset.user) return "other";
    if (csrf) {
      $$('input[name="csrfmiddlewaretoken"]').forEach((input) => { input.value = csrf; });
      document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": csrf }));
    }
    return "yes";
  }
  function sessionLost() {
    waitingForSignIn = true;
    const dialog = $("#session-dialog");
    if (!dialog.open) dialog.showModal();
  }
  function complain(state) {
    if (state === "no") sessionLost();
    if (state === "offline") toast("Chưa lưu: không nối được với máy chủ. Những gì đã nhập vẫn còn trên trang, hãy thử lại khi có mạng.", "danger");
    if (state === "other") toast("Chưa lưu: người khác đã đăng nhập trên máy này. Hãy đăng nhập lại bằng tài khoản của bạn, rồi lưu.", "danger");
  }
  Object.assign(window.tramyte, { alive, complain });
  document.addEventListener("visibilitychange", async () => {
    if (document.hidden || !waitingForSignIn) return;
    if ((await alive()) === "yes") {
      waitingForSignIn = false;
      $("#session-dialog").close();
      toast("Đã đăng nhập lại. Mời bấm lưu lần nữa.", "done");
    }
  });

  // ---- htmx: a lost session or line never replaces what is on the page ----
  document.addEventListener("htmx:beforeSwap", (event) => {
    const xhr = event.detail.xhr;
    const signIn = xhr.status === 401 || /data-sign-in-page/.test(xhr.responseText?.slice(0, 4000) || "");
    if (signIn) {
      event.detail.shouldSwap = false;
      event.detail.isError = false;
      sessionLost();
    } else if (xhr.status === 422 || xhr.status === 409) {
      event.detail.shouldSwap = true; // a form sent back with its errors, or two versions to choose from
      event.detail.isError = false;
    }
  });
  document.addEventListener("htmx:responseError", (event) => {
    const quiet = event.detail.elt?.closest("[data-quiet]");
    if (event.detail.xhr.status === 429) {
      const wait = event.detail.xhr.getResponseHeader("Retry-After") || "vài";
      toast(`Quá nhiều lần trong một lúc. Hãy chờ ${wait} giây rồi làm lại.`, "warning");
    } else if (!quiet) toast(event.detail.xhr.status === 403 ? "Bạn không có quyền làm việc này, hoặc phiên đã đổi. Hãy tải lại trang." : "Máy chủ chưa trả lời được. Hãy thử lại.", "danger");
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (!event.detail.elt?.closest("[data-quiet]")) toast("Không nối được với máy chủ. Trang vẫn giữ nguyên, hãy thử lại khi có mạng.", "warning");
  });
  // A request given up (a newer one took its place, the page is left) is no error: htmx must not log it as one.
  document.addEventListener("htmx:beforeSend", ({ detail: { xhr } }) => {
    const aborted = xhr.onabort;
    xhr.onabort = (event) => {
      const log = console.error;
      console.error = () => {};
      try { aborted?.call(xhr, event); } finally { console.error = log; }
    };
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const token = $('input[name="csrfmiddlewaretoken"]')?.value;
    if (token) event.detail.headers["X-CSRFToken"] = token;
  });

  // ---- a text taken along to another program ----
  async function copy(box) {
    box.select();
    try { await navigator.clipboard.writeText(box.value); } catch { if (!document.execCommand("copy")) return; } // plain http has no clipboard
    toast("Đã chép. Dán vào tin nhắn để gửi.", "done");
  }

  // ---- clicks that belong to no form ----
  document.addEventListener("click", (event) => {
    const target = event.target;
    if (target.closest(".toast-close")) { target.closest("[data-toast]").remove(); measureBars(); }
    target.closest("[data-close-dialog]")?.closest("dialog")?.close();
    const opener = target.closest("[data-open-dialog]");
    if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
    if (target.closest("[data-print]")) window.print();
    const copier = target.closest("[data-copy]");
    if (copier) copy(document.getElementById(copier.dataset.copy));
    const fold = target.closest("[data-fold]");
    if (fold) {
      const open = document.getElementById(fold.dataset.fold).classList.toggle("is-open");
      fold.setAttribute("aria-expanded", open);
    }
    $$("details[data-menu][open]").forEach((menu) => { if (!menu.contains(target)) menu.open = false; });
    const row = target.closest("tr[data-href]");
    if (row && !target.closest("a, button, input, select, textarea, label, details") && !String(window.getSelection())) window.location.assign(row.dataset.href);
  });

  // ---- keys ----
  document.addEventListener("keydown", (event) => {
    const node = event.target;
    if (event.key === "/" && !typing(node) && !event.ctrlKey && !event.altKey) {
      const box = $("#search-q");
      if (box) { event.preventDefault(); box.focus(); box.select(); }
    } else if (event.key === "F1" && $("[data-help]")) {
      event.preventDefault();
      $("[data-help]").click();  // a window of its own: what is being typed stays
    } else if (/^F\d+$/.test(event.key) && $(`[data-key="${event.key}"]`)) {
      event.preventDefault();
      $(`[data-key="${event.key}"]`).click();
    } else if (event.key === "Enter" && node.matches?.("tr[data-href]")) {
      window.location.assign(node.dataset.href);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && node.matches?.("tr[data-href]")) {
      const rows = $$("tr[data-href]", node.parentElement);
      const next = rows[rows.indexOf(node) + (event.key === "ArrowDown" ? 1 : -1)];
      if (next) { event.preventDefault(); next.focus(); }
    } else if (event.key === "Escape" && !event.defaultPrevented) {
      const menu = $("details[data-menu][open]");
      if (menu) { menu.open = false; $("summary", menu).focus(); return; }
      if ($("dialog[open]")) return;
      const back = $("[data-back]");
      if (back) { event.preventDefault(); back.click(); }
    }
  });

  // ---- first look at a page ----
  function look(root) {
    $$("tr[data-href]:not([tabindex])", root).forEach((row) => { row.tabIndex = 0; });
    $$("[data-toast]", root).forEach(settle);
  }
  // How much the bars that stay take of the window: what stays beside them keeps clear of them.
  function measureBars() {
    const top = $(".top");
    if (!top) return;
    const banner = $(".banner");
    const stays = banner && getComputedStyle(banner).position === "sticky";
    const style = document.documentElement.style;
    style.setProperty("--actions-height", `${$(".actions")?.offsetHeight ?? 0}px`);
    style.setProperty("--banner-top", `${top.offsetHeight}px`);
    const foot = top.offsetHeight + (stays ? banner.offsetHeight : 0);
    style.setProperty("--banner-foot", `${foot}px`);
    style.setProperty("--toasts-foot", `${foot + ($(".toast:not(.is-over)") ? $("#toasts").offsetHeight : 0)}px`);
  }
  look(document);
  measureBars();
  window.addEventListener("resize", measureBars);
  document.addEventListener("htmx:afterSwap", (event) => { look(event.detail.target); measureBars(); });
})();
