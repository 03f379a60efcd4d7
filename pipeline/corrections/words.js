"use strict";
// Words, and their other readings.

function tokens() {
  return [...text.value.matchAll(/\S+/g)].map((found) => ({ text: found[0], start: found.index, end: found.index + found[0].length }));
}

// Which word of the reading a token of the text stands for: by its number, or counted from the end that is unchanged.
function wordOf(place, all) {
  const words = desk.line.words;
  if (all.length === words.length) return place;
  const same = (from) => all.at(from)?.text === words.at(from)?.text;
  let [left, right] = [0, 0];
  while (left < words.length && same(left)) left += 1;
  while (right < words.length && same(-1 - right)) right += 1;
  if (place < left) return place;
  return all.length - place <= right ? words.length - all.length + place : -1;
}

function atCursor() {
  const all = tokens();
  const place = all.findIndex((token) => token.start <= text.selectionStart && text.selectionStart <= token.end);
  return place < 0 ? null : { token: all[place], word: wordOf(place, all) };
}

function selectWord(number) {
  text.focus({ preventScroll: true });
  const all = tokens();
  const place = all.findIndex((_, each) => wordOf(each, all) === number);
  if (place >= 0) text.setSelectionRange(all[place].start, all[place].end);
  showWord();
}

function showWords() {
  byId("words").replaceChildren(...desk.line.words.map((word, number) => {
    const level = word.confidence < 0.6 ? 0 : word.confidence < 0.85 ? 1 : 2;
    const title = `${Math.round(100 * word.confidence)} % sure`;
    const button = element("button", { type: "button", class: `level-${level}`, title, "aria-pressed": "false" }, word.text);
    button.addEventListener("click", () => selectWord(number));
    return button;
  }));
}

function showWord() {
  const here = desk.line && atCursor();
  const number = here ? here.word : -1;
  [...byId("words").children].forEach((each, place) => each.setAttribute("aria-pressed", place === number));
  const word = desk.line?.words[number];
  byId("word")?.setAttribute("points", word?.outline ?? "");
  if (word) lookAt(word);
  byId("others").replaceChildren(...(word ? readingsOf(word).map((reading) => {
    const pressed = reading === here.token.text;
    const button = element("button", { type: "button", "aria-pressed": pressed }, reading);
    button.addEventListener("click", () => replaceWord(reading));
    return button;
  }) : []));
}

// Both pictures move sideways to the word, where they are wider than the window.
function lookAt(word) {
  const across = (outline) => outline.split(" ").map((point) => Number(point.split(",")[0]));
  const [ends, line] = [across(word.outline), across(desk.line.outline)];
  const middle = (Math.min(...ends) + Math.max(...ends)) / 2;
  const start = Math.min(...line);
  const shares = { scan: middle / desk.line.width, crop: (middle - start) / Math.max(1, Math.max(...line) - start) };
  for (const [id, share] of Object.entries(shares)) byId(id).scrollLeft = share * byId(id).scrollWidth - byId(id).clientWidth / 2;
}

const readingsOf = (word) => [word.text, ...word.others];

function replaceWord(reading) {
  const { token } = atCursor();
  text.focus({ preventScroll: true });
  text.setRangeText(reading, token.start, token.end, "select");
  edited();
}

function otherReading(step) {
  const here = atCursor();
  const word = here && desk.line.words[here.word];
  if (!word) return;
  const readings = readingsOf(word);
  const place = readings.indexOf(here.token.text);
  const next = place < 0 ? 0 : (place + step + readings.length) % readings.length;
  replaceWord(readings[next]);
}

function unsureWord(step) {
  const words = desk.line.words;
  const from = atCursor()?.word ?? -1;
  const order = words.map((_, place) => (from + step * (place + 1) + 2 * words.length) % words.length);
  const found = order.find((place) => words[place].confidence < SURE);
  if (found !== undefined) selectWord(found);
}

function edited() {
  byId("save").textContent = isTouched() ? "Save" : "Right";
  resize();
  showWord();
}

function resize() {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
  byId("save").textContent = isTouched() ? "Save" : "Right";
}
