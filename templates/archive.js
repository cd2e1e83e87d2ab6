// The archive's search: every word that was typed must begin a word of a story. Text is only ever set as text.
"use strict";
(() => {
  const stories = {{ stories }};
  const most = 50;
  const fold = text => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const query = document.getElementById("query");
  const found = document.getElementById("found");
  const status = document.getElementById("status");
  const line = story => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = story.page + "#" + story.anchor;
    link.textContent = story.headline;
    const day = document.createElement("p");
    day.className = "meta";
    day.textContent = story.day;
    item.append(link, day);
    return item;
  };
  const search = () => {
    const wanted = fold(query.value).split(/\s+/).filter(Boolean);
    const matches = wanted.length
      ? stories.filter(story => wanted.every(word => (" " + story.words).includes(" " + word)))
      : [];
    found.replaceChildren(...matches.slice(0, most).map(line));
    status.textContent = !wanted.length ? "" : matches.length ? String(matches.length) : found.dataset.none;
  };
  query.addEventListener("input", search);
  query.form.addEventListener("submit", event => event.preventDefault());
  search();
})();
