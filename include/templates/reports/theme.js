"use strict";
// Airflow keeps its light and dark switch on the root of its own page, and in the browser's store. A page of ours, in a
// frame of that page or by itself, follows it; where nothing was chosen the browser's own preference holds.
(() => {
  const chosen = () => {
    try {
      const airflow = window.parent === window ? null : window.parent.document.documentElement;
      const shown = ["dark", "light"].find((name) => airflow?.classList.contains(name));
      return shown ?? localStorage.getItem("theme");
    } catch {
      return null; // framed by somebody else, or no store
    }
  };
  const follow = () => {
    const scheme = chosen();
    document.documentElement.style.colorScheme = scheme === "dark" || scheme === "light" ? scheme : "";
  };
  follow();
  addEventListener("storage", follow);
  try {
    const watched = { attributes: true, attributeFilter: ["class"] };
    if (window.parent !== window) new MutationObserver(follow).observe(window.parent.document.documentElement, watched);
  } catch {
    // Framed by somebody else: there is nothing to follow.
  }
})();
