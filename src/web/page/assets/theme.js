// Sets the kept theme before the first paint; runs in <head>, so that a page never flashes.
(() => {
  let kept = null;
  try { kept = localStorage.getItem("lightsout-theme"); } catch { /* storage may be closed to us: the system's theme holds */ }
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
  document.documentElement.classList.add("js");
})();
