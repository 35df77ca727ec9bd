// The screen that is left alone: a key blanks it at once, ten minutes without a touch do the same.
// Nothing of the page stays behind: its content is taken out before the server is even asked.
(() => {
  "use strict";
  const form = document.getElementById("lock-form");
  const SEEN = "tramyte-seen"; // when any page of this browser was last touched
  const LOCKED = "tramyte-locked"; // changes when one page locks: the others follow
  const PING_MS = 120000; // somebody who types for long without saving is not idle: tell the server

  // ---- the lock page itself: choosing a name goes on to the PIN ----
  document.querySelectorAll('[data-lock-people] input[name="person"]').forEach((choice) => {
    choice.addEventListener("change", () => document.querySelector("input.pin")?.focus());
  });
  if (!form) return;

  const note = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a browser that keeps nothing */ } };
  const noted = (key) => { try { return Number(localStorage.getItem(key)) || 0; } catch { return 0; } };
  let touched = Date.now();
  let pinged = Date.now();
  let locked = false;

  async function lock(tell) {
    if (locked) return;
    locked = true;
    const saved = tell ? window.tramyte.keepDraft() : Promise.resolve();
    document.title = "Đã khóa";
    document.body.replaceChildren(form);
    if (!tell) { window.location.replace(form.action); return; }
    form.elements.back.value = window.location.pathname;
    await saved;
    note(LOCKED, String(Date.now()));
    HTMLFormElement.prototype.submit.call(form);
  }

  document.addEventListener("keydown", (event) => {
    const key = event.key === "F9" || (event.ctrlKey && event.altKey && event.code === "KeyL");
    if (!key) return;
    event.preventDefault();
    lock(true);
  }, true);
  document.addEventListener("click", (event) => { if (event.target.closest("[data-lock]")) { event.preventDefault(); lock(true); } });
  window.addEventListener("storage", (event) => { if (event.key === LOCKED) lock(false); });
  // A page fetched back out of the browser's memory was locked, or may belong to whoever was here before.
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });

  ["keydown", "pointerdown", "pointermove", "wheel", "touchstart"].forEach((name) => {
    document.addEventListener(name, () => {
      const now = Date.now();
      if (now - touched < 5000) return;
      touched = now;
      note(SEEN, String(now));
      if (now - pinged > PING_MS) { pinged = now; window.tramyte?.alive?.(); }
    }, { capture: true, passive: true });
  });
  const idle = Number(form.dataset.idleSeconds) * 1000;
  if (idle) setInterval(() => { if (Date.now() - Math.max(touched, noted(SEEN)) >= idle) lock(true); }, 5000);
})();
