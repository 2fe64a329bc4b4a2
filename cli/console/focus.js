// A part of a page that looks again is made anew: the keyboard's focus stays where it was.
(() => {
  let name = null;
  const nameOf = (element) => {
    const twins = [...document.querySelectorAll(element.tagName)].filter((e) => e.textContent === element.textContent
      && e.getAttribute("href") === element.getAttribute("href"));
    return [element.tagName, element.textContent, element.getAttribute("href"), twins.indexOf(element)];
  };
  document.addEventListener("focusin", (event) => { name = nameOf(event.target); });
  document.addEventListener("pointerdown", () => { name = null; });
  const back = () => {
    if (!name || document.activeElement !== document.body) return;
    const [tag, text, href, place] = name;
    const twins = [...document.querySelectorAll(tag)].filter((e) => e.textContent === text && e.getAttribute("href") === href);
    (twins[place] ?? twins[0])?.focus({ preventScroll: true });
  };
  document.addEventListener("DOMContentLoaded", () =>
    new MutationObserver(back).observe(document.body, { childList: true, subtree: true }));
})();
