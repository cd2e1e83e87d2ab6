// The archive's search: every word that was typed must begin a word of a story; what punctuation parts ("US-China") must
// stand together, and so must the letters of Chinese, Japanese and Thai. Words are folded as those of the stories were
// (briefing/nlp/search_terms.py). Text is only ever set as text.
"use strict";
(() => {
  const stories = {{ stories }};
  const folding = {{ folding }};
  const most = 50;
  const dropped = new RegExp("[" + folding.dropped + "]", "gu");
  const letters = new Map(Object.entries(folding.letters));
  const { unspaced, marks, korean } = folding;
  const word = new RegExp(`[${unspaced}][${marks}]*|[${korean}]+|[^\\s${unspaced}${korean}]+`, "gu");
  const fold = text => {
    const plain = text.normalize("NFKD").replace(dropped, "").toLowerCase();
    const mapped = Array.from(plain, letter => letters.get(letter) ?? letter).join("").normalize("NFC");
    return (mapped.replace(/[^\p{L}\p{M}\p{N}]+/gu, " ").match(word) ?? []).join(" ");
  };
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
    // Dropped here too: to JavaScript one of these characters (U+FEFF) is a blank.
    const wanted = query.value.replace(dropped, "").split(/\s+/).map(fold).filter(Boolean);
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
