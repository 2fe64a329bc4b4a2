"use strict";
// Search over the page itself: what has data-find is found by its own text. Without script all links still work.
(() => {
  const MOST = 50;
  const box = document.getElementById("_search");
  const field = document.getElementById("_words");
  const list = document.getElementById("_found");
  const count = document.getElementById("_count");
  const main = document.getElementById("_main");
  const title = document.title;
  const wide = matchMedia("(min-width: 48rem)");
  let index = null;

  const entries = () => [...document.querySelectorAll("[data-find]")].map((part) => ({
    id: part.id,
    label: part.dataset.find,
    place: part.dataset.place,
    names: (part.dataset.names || part.dataset.find).toLowerCase(),
    text: (part.matches("tr") ? part.textContent : part.querySelector(".about").textContent).toLowerCase(),
  }));

  const rank = (entry, words) => {
    let worth = 0;
    for (const word of words) {
      if (entry.names.split(" ").includes(word)) worth += 4;
      else if (entry.names.startsWith(word)) worth += 3;
      else if (entry.names.includes(word)) worth += 2;
      else if (entry.text.includes(word) || entry.place.toLowerCase().includes(word)) worth += 1;
      else return 0;
    }
    return worth;
  };

  const show = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    index = index || entries();
    const found = words.length === 0 ? [] : index
      .map((entry) => ({entry, worth: rank(entry, words)}))
      .filter((each) => each.worth > 0)
      .sort((a, b) => b.worth - a.worth);
    list.replaceChildren(...found.slice(0, MOST).map(({entry}) => {
      const item = document.createElement("li");
      const link = item.appendChild(document.createElement("a"));
      link.href = "#" + encodeURIComponent(entry.id);
      link.append(entry.label);
      link.appendChild(document.createElement("small")).append(entry.place);
      return item;
    }));
    list.hidden = found.length === 0;
    const more = found.length > MOST ? `, the first ${MOST} are shown` : "";
    count.textContent = words.length === 0 ? "" : found.length === 0 ? "nothing found" : `${found.length} found${more}`;
  };

  const close = () => { field.value = ""; show(); };

  const move = (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") { close(); field.focus(); }
    else if (event.key === "ArrowDown" && at + 1 < links.length) links[at + 1].focus();
    else if (event.key === "ArrowUp" && at > 0) links[at - 1].focus();
    else if (event.key === "ArrowUp" && at === 0) field.focus();
    else if (event.key === "Enter" && document.activeElement === field && links.length > 0) links[0].click();
    else return;
    event.preventDefault();
  };

  const arrive = (moved) => {
    const id = decodeURIComponent(location.hash.slice(1));
    const part = document.getElementById(id);
    const page = (part && part.closest(".page")) || document.querySelector(".page");
    const heading = page.querySelector("h2");
    document.title = part ? `${heading.textContent} – ${title}` : title;
    for (const link of document.querySelectorAll("nav a")) {
      const here = decodeURIComponent(link.hash.slice(1)) === page.id;
      if (here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
      const folded = here && link.closest("details.domain");
      if (folded && wide.matches) folded.open = true;
    }
    if (moved) {
      const goal = part && part !== page ? part : heading;
      goal.tabIndex = -1;
      goal.focus({preventScroll: part !== null && part !== page});
      if (goal === heading) scrollTo(0, 0);
    }
  };

  box.hidden = false;
  field.addEventListener("input", show);
  box.addEventListener("keydown", move);
  list.addEventListener("click", close);
  addEventListener("hashchange", () => arrive(true));
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) { field.focus(); event.preventDefault(); }
  });
  const skip = document.querySelector(".skip");
  skip.hidden = false;
  skip.addEventListener("click", (event) => { main.focus(); event.preventDefault(); });
  arrive(false);
})();
