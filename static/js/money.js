// The till: what goes back of the money given, while it is typed (data-due: what is to be paid, in đồng).
(() => {
  "use strict";
  const words = (sum) => `${String(sum).replace(/\B(?=(\d{3})+$)/g, ".")} đ`;
  document.addEventListener("input", ({ target }) => {
    const place = target.dataset?.changeInto && document.getElementById(target.dataset.changeInto);
    if (!place) return;
    const digits = target.value.replace(/[\s.,đ₫]/g, "");
    const rest = Number(digits) - Number(target.dataset.due);
    if (!/^\d+$/.test(digits) || !rest) place.textContent = "";
    else place.textContent = rest > 0 ? `Trả lại ${words(rest)}` : `Còn thiếu ${words(-rest)}`;
  });
})();
