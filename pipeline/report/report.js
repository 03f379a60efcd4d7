"use strict";
const byId = (id) => document.getElementById(id);
const given = (id) => JSON.parse(byId(id).textContent);
const SVG = "http://www.w3.org/2000/svg";

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const percent = (share, digits = 0) => (share === null ? "–" : `${(100 * share).toFixed(digits)} %`);

// The viewer: one page, its words on the scan and in the text.

const viewer = { page: -1, word: -1, words: [], places: [] };
const thumbnails = [...document.querySelectorAll(".thumbnail")];

function openPage(number, focus = true) {
  const data = given(`page-${number}`);
  Object.assign(viewer, { page: number, word: -1, words: [], places: [] });
  byId("viewer").hidden = false;
  byId("viewer-title").textContent = data.title;
  byId("viewer-facts").textContent = data.facts;
  byId("word").textContent = "";
  byId("previous").disabled = number === 0;
  byId("next").disabled = number === thumbnails.length - 1;
  thumbnails.forEach((each, place) => each.setAttribute("aria-current", place === number));
  byId("scan").replaceChildren(scanOf(data, number));
  byId("text").replaceChildren(...data.lines.map(lineOf));
  if (viewer.words.length) viewer.words[0].element.tabIndex = 0;
  byId("tab-beside").hidden = !data.rows.length;
  byId("panel-beside").replaceChildren(...(data.rows.length ? [besideOf(data)] : []));
  if (!data.rows.length) selectTab("text");
  if (focus) {
    byId("viewer").scrollIntoView({ block: "start" });
    byId("viewer-title").focus({ preventScroll: true });
  }
}

function scanOf(data, number) {
  const sheet = element("div", { class: "sheet", style: `aspect-ratio: ${data.width} / ${data.height}` });
  const stored = byId(`scan-${number}`);
  if (stored) sheet.append(element("img", { src: `data:image/webp;base64,${stored.textContent}`, alt: `Scan of ${data.title}` }));
  else sheet.append(element("p", { class: "none" }, data.missing));
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${data.width} ${data.height}`);
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("aria-hidden", "true");
  for (const line of data.lines) drawing.append(polygon(line.outline, `outline ${levelOf(line)}`));
  for (const line of data.lines) for (const word of line.words) drawing.append(placeOf(word));
  sheet.append(drawing);
  return sheet;
}

function polygon(points, name) {
  const made = document.createElementNS(SVG, "polygon");
  made.setAttribute("points", points.join(" "));
  made.setAttribute("class", name);
  return made;
}

function placeOf(word) {
  const place = polygon(word[2], "place");
  const number = viewer.places.push(place) - 1;
  place.addEventListener("click", () => selectWord(number, false));
  return place;
}

// A person's text is told from any confidence of ours.
const levelOf = (line) => (line.corrected ? "corrected" : `level-${line.level}`);

function lineOf(line) {
  const text = element("p", { class: levelOf(line), ...(line.corrected && { title: `by ${line.corrected}` }) });
  for (const word of line.words) {
    const sure = word[1] < 0.5 ? "doubted" : word[1] < 0.8 ? "unsure" : "";
    const shown = element("span", { class: `word ${sure}`, tabindex: -1 }, word[0]);
    const number = viewer.words.push({ element: shown, word, by: line.corrected }) - 1;
    shown.addEventListener("click", () => selectWord(number, true));
    shown.addEventListener("focus", () => selectWord(number, true));
    text.append(shown, " ");
  }
  return text;
}

function selectWord(number, fromText) {
  if (number === viewer.word || number < 0 || number >= viewer.words.length) return;
  for (const [place, on] of [[viewer.word, false], [number, true]]) {
    if (place < 0) continue;
    viewer.words[place].element.classList.toggle("current", on);
    viewer.words[place].element.tabIndex = on ? 0 : -1;
    viewer.places[place].classList.toggle("current", on);
  }
  viewer.word = number;
  const { element: shown, word, by } = viewer.words[number];
  const others = word[3].map(([text, share]) => `${text} (${percent(share)})`).join(", ");
  const sure = by ? `by ${by}` : `confidence ${percent(word[1])}`;
  byId("word").textContent = `“${word[0]}”, ${sure}${others ? `; or ${others}` : ""}`;
  if (fromText) showInside(byId("scan"), viewer.places[number]);
  else {
    selectTab("text");
    shown.scrollIntoView({ block: "nearest" });
  }
}

// Scrolls the scan's own frame alone, so that the text stays where it is.
function showInside(frame, place) {
  const [outer, inner] = [frame.getBoundingClientRect(), place.getBoundingClientRect()];
  if (inner.top < outer.top || inner.bottom > outer.bottom) frame.scrollTop += inner.top - outer.top - outer.height / 3;
}

function besideOf(data) {
  const head = element("tr", {}, ...data.columns.map((name) => element("th", { scope: "col" }, name)));
  const rows = data.rows.map((row) => element("tr", {}, ...row.map(cellOf)));
  const caption = element("caption", {}, data.columns[0] === "Truth" ? "Words that differ from the truth are marked" : "Words that differ are marked");
  return element("table", { class: "beside" }, caption, element("thead", {}, head), element("tbody", {}, ...rows));
}

function cellOf(runs) {
  const cell = element("td");
  for (const [differs, text] of runs) cell.append(differs ? element("mark", {}, text) : text, " ");
  if (!runs.length) cell.append(element("span", { class: "faint" }, "–"));
  return cell;
}

function selectTab(name) {
  for (const each of ["text", "beside"]) {
    byId(`tab-${each}`).setAttribute("aria-selected", each === name);
    byId(`tab-${each}`).tabIndex = each === name ? 0 : -1;
    byId(`panel-${each}`).hidden = each !== name;
  }
  document.querySelector(".panes").classList.toggle("broad", name === "beside");
}

function closeViewer() {
  byId("viewer").hidden = true;
  if (viewer.page >= 0) thumbnails[viewer.page].focus();
}

function moveByKey(event) {
  if (event.target.matches("input") || byId("viewer").hidden || event.ctrlKey || event.altKey || event.metaKey) return;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: lineStep(1), ArrowUp: lineStep(-1) }[event.key];
  if (event.target.matches("[role=tab]") && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
    const other = event.target.id === "tab-text" && !byId("tab-beside").hidden ? "beside" : "text";
    selectTab(other);
    byId(`tab-${other}`).focus();
  } else if (event.target.matches(".word") && step) {
    const number = Math.min(Math.max(viewer.word + step, 0), viewer.words.length - 1);
    viewer.words[number].element.focus();
    event.preventDefault();
  } else if (event.key === "n" && !byId("next").disabled) openPage(viewer.page + 1);
  else if (event.key === "p" && !byId("previous").disabled) openPage(viewer.page - 1);
  else if (event.key === "Escape") closeViewer();
}

// How many words on the first word of the next or the previous line is.
function lineStep(direction) {
  const current = viewer.words[viewer.word]?.element.parentElement;
  const line = direction > 0 ? current?.nextElementSibling : current?.previousElementSibling;
  return line ? viewer.words.findIndex((each) => each.element === line.firstElementChild) - viewer.word : 0;
}

thumbnails.forEach((each, number) => each.addEventListener("click", () => openPage(number)));
byId("previous").addEventListener("click", () => openPage(viewer.page - 1, false));
byId("next").addEventListener("click", () => openPage(viewer.page + 1, false));
byId("close").addEventListener("click", closeViewer);
byId("tab-text").addEventListener("click", () => selectTab("text"));
byId("tab-beside").addEventListener("click", () => selectTab("beside"));
document.addEventListener("keydown", moveByKey);

// The table of all pages: searched, sorted, and shown a screenful at a time.

const ROWS = 50;
const all = given("all-pages");
const table = { found: all.rows, start: 0, column: -1, falling: false };

function textOf(row, column) {
  const value = row[column];
  if (column === 0) return all.sources[value];
  if (value === null) return "–";
  return all.shares.includes(column) ? percent(value, 1) : String(value);
}

function search() {
  const wanted = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (row) => {
    const text = all.searched.map((column) => textOf(row, column)).join(" ").toLowerCase();
    return wanted.every((part) => text.includes(part));
  };
  Object.assign(table, { found: wanted.length ? all.rows.filter(fits) : [...all.rows], start: 0 });
  if (table.column >= 0) table.found.sort(inOrder);
  byId("found").textContent = `${table.found.length.toLocaleString("en")} of ${all.rows.length.toLocaleString("en")} pages`;
  showRows();
}

function inOrder(one, other) {
  const [a, b] = [one, other].map((row) => (table.column === 0 ? all.sources[row[0]] : row[table.column]));
  if (a === null || b === null) return (a === null) - (b === null);
  const order = typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b;
  return table.falling ? -order : order;
}

function sortBy(column) {
  table.falling = table.column === column ? !table.falling : all.shares.includes(column) && column !== all.confidence;
  table.column = column;
  [...byId("page-table").tHead.rows[0].cells].forEach((cell, place) => {
    if (place === column) cell.setAttribute("aria-sort", table.falling ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  });
  search();
}

function showRows() {
  const shown = table.found.slice(table.start, table.start + ROWS);
  byId("page-table").tBodies[0].replaceChildren(...shown.map(rowOf));
  byId("range").textContent = shown.length ? `${table.start + 1} to ${table.start + shown.length}` : "none";
  byId("earlier").disabled = table.start === 0;
  byId("later").disabled = table.start + ROWS >= table.found.length;
}

function rowOf(row) {
  const cells = all.columns.map((_, column) => element("td", { class: column >= all.numbers ? "number" : "" }, textOf(row, column)));
  const shown = row[all.columns.length];
  if (shown !== null) {
    const button = element("button", { type: "button" }, "Look");
    button.addEventListener("click", () => openPage(shown));
    cells[0].append(" ", button);
  }
  return element("tr", {}, ...cells);
}

all.columns.forEach((name, column) => {
  const button = element("button", { type: "button" }, name);
  button.addEventListener("click", () => sortBy(column));
  byId("page-table").tHead.rows[0].append(element("th", { scope: "col", class: column >= all.numbers ? "number" : "" }, button));
});
byId("search").addEventListener("input", search);
byId("earlier").addEventListener("click", () => { table.start -= ROWS; showRows(); });
byId("later").addEventListener("click", () => { table.start += ROWS; showRows(); });
search();
