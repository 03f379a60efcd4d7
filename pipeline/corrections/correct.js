const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const SURE = 0.8;
const TRAIL = 200;
const text = byId("text");

// What outlives a reload of this window: its name, by which it gets its line again, and what it has said, to undo it.
const kept = {
  get: (name, otherwise) => JSON.parse(sessionStorage.getItem(name)) ?? otherwise,
  set: (name, value) => sessionStorage.setItem(name, JSON.stringify(value)),
};
const me = kept.get("window", crypto.randomUUID());
kept.set("window", me);

// `line`: the one on the desk; `ahead`: a promise of the next one; `disputed`: something else was said of it meanwhile.
const desk = { line: null, ahead: null, busy: false, disputed: false };
const isTouched = () => desk.line !== null && text.value !== desk.line.text;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// Talking to the server.

class Refused extends Error {}

async function ask(what, question) {
  let response;
  try {
    response = await fetch(what, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(question) });
  } catch {
    throw new Refused("the server does not answer; start `inkbeam correct` again, and open the address that it prints");
  }
  if (response.headers.get("content-type") !== "application/json") throw new Refused(await response.text());
  const answer = await response.json();
  if (answer.error) throw new Refused(answer.error);
  if (answer.progress) showProgress(answer.progress);
  return { changed: response.status === 409, ...answer };
}

async function picture(kind, line) {
  try {
    const response = await fetch(`${kind}/${line.id}`);
    return response.ok ? { url: URL.createObjectURL(await response.blob()) } : { why: await response.text() };
  } catch {
    return { why: "the server does not answer" };
  }
}

async function nextLine(beside) {
  const { line } = await ask("next", { window: me, beside });
  return line && withPictures(line);
}

const withPictures = (line) => Object.assign(line, { crop: picture("crop", line), scan: picture("scan", line) });

function lookAhead() {
  desk.ahead = nextLine(desk.line ? [desk.line.id] : []);
  desk.ahead.catch(() => { desk.ahead = null; }); // asked again, and told of, when it is needed
}

// What is on the desk.

function showLine(line, draft = line?.draft ?? line?.text) {
  Object.assign(desk, { line, disputed: false });
  byId("work").hidden = line === null;
  if (line === null) {
    tell("All lines are done that are not certain, but for those that were skipped or that another window has. Reload to look again.");
    return;
  }
  byId("where").textContent = `${line.source}, page ${line.page}, line ${line.line}`;
  text.value = draft;
  showWords();
  for (const kind of ["crop", "scan"]) showPicture(kind, line);
  resize();
  const unsure = line.words.reduce((worst, word, place) => (word.confidence < line.words[worst].confidence ? place : worst), 0);
  selectWord(unsure);
  if (line.said) dispute(line.said);
}

async function showPicture(kind, line) {
  const frame = byId(kind);
  frame.replaceChildren(element("p", { class: "none" }, "…"));
  const { url, why } = await line[kind];
  if (desk.line !== line) return;
  if (!url) {
    frame.replaceChildren(element("p", { class: "none" }, `No picture: ${why}. The line can be corrected all the same.`));
    return;
  }
  const image = element("img", { src: url, alt: kind === "crop" ? "The line as it is written" : "The page" });
  await image.decode().catch(() => {});
  if (desk.line !== line) return;
  frame.replaceChildren(kind === "crop" ? image : sheetOf(line, image));
  if (kind === "scan") showInside(frame, byId("outline"));
  else image.style.minWidth = `${Math.round(image.naturalWidth / 2)}px`;
  showWord();
}

function sheetOf(line, image) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", `0 0 ${line.width} ${line.height}`);
  drawing.setAttribute("preserveAspectRatio", "none");
  drawing.setAttribute("aria-hidden", "true");
  for (const [id, points] of [["word", ""], ["outline", line.outline]]) {
    const polygon = document.createElementNS(SVG, "polygon");
    polygon.setAttribute("id", id);
    polygon.setAttribute("class", id);
    polygon.setAttribute("points", points);
    drawing.append(polygon);
  }
  return element("div", { class: "sheet" }, image, drawing);
}

// Scrolls the frame of the page alone, so that the input stays where it is.
function showInside(frame, place) {
  const [outer, inner] = [frame.getBoundingClientRect(), place.getBoundingClientRect()];
  frame.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 2;
}

function showProgress(now) {
  const number = (value) => value.toLocaleString("en");
  byId("done").value = now.done;
  const wrong = now.wrong === null ? "" : ` · still wrong: about ${(100 * now.wrong).toFixed(2)} % of all characters`;
  byId("figures").textContent = `${number(now.saved)} saved now · ${number(now.waiting)} of ${number(now.lines)} lines wait${wrong}`;
}

function tell(message, saved = "") {
  byId("state").replaceChildren(...(saved ? [element("b", {}, saved), " "] : []), message);
}

function alarm(message) {
  byId("alarm").textContent = message;
  byId("alarm").hidden = !message;
}

function dispute(said) {
  desk.disputed = true;
  const who = said.who || "another window";
  const what = said.text ? `“${said.text}”` : said.verdict === "unreadable" ? "that it is unreadable" : "that no text stands there";
  alarm(`${who} has said of this line meanwhile: ${what} (${said.when}). Your text is still here: Enter saves it in its place, Esc takes the next line.`);
}

// What is said of a line. One thing at a time: keys that come meanwhile are passed over, the text stays until it is saved.

async function alone(work, failed) {
  if (desk.busy) return;
  desk.busy = text.readOnly = true;
  try {
    alarm("");
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell("");
    alarm(`${failed}: ${error.message}`);
  } finally {
    desk.busy = text.readOnly = false;
  }
}

const NOT_SAVED = "NOT SAVED. Your text is still here; Enter tries again";

async function say(verdict) {
  if (!desk.line) return;
  await alone(async () => {
    const { line } = desk;
    const said = text.value;
    tell("Saving …");
    const answer = await ask("save", { id: line.id, before: line.text, seen: line.said?.time ?? null, verdict, text: said });
    if (answer.changed) {
      changed(answer.line);
      return;
    }
    remember(line, said, answer.said.time);
    tell(answer.said.text || (verdict === "unreadable" ? verdict : "no text"), "Saved:");
    await takeNext();
  }, NOT_SAVED);
}

// Something else is there than was shown; what was written stays in the input.
function changed(line) {
  tell("");
  if (line === null) {
    alarm("NOT SAVED: this line is not there any more; its document was withdrawn or read again. Esc takes the next line.");
    desk.disputed = true;
    return;
  }
  const { crop, scan } = desk.line;
  const anew = line.text !== desk.line.text;
  desk.line = anew ? withPictures(line) : Object.assign(line, { crop, scan });
  showWords();
  showWord();
  if (line.said) dispute(line.said);
  else alarm(anew ? `NOT SAVED: the page was read again, and here is now “${line.text}”. Enter saves your text for this line.`
    : "NOT SAVED: what was said of this line was withdrawn meanwhile. Enter saves your text.");
}

async function skip() {
  await alone(async () => {
    const { line } = desk;
    await ask("skip", { id: line.id });
    remember(line, text.value, null);
    tell("Skipped; it comes again when you start again.");
    await takeNext();
  }, "Not skipped");
}

// What was said is saved by now, whatever becomes of this; to say it again does no harm.
async function takeNext() {
  let next;
  try {
    next = desk.ahead ? await desk.ahead : await nextLine([]);
  } catch (error) {
    alarm(`The next line does not come: ${error.message}. Enter tries again.`);
    return;
  } finally {
    desk.ahead = null;
  }
  forget(desk.line);
  showLine(next);
  if (next) lookAhead();
}

async function forget(line) {
  for (const kind of ["crop", "scan"]) {
    const { url } = await line[kind];
    if (url) URL.revokeObjectURL(url);
  }
}

function remember(line, said, time) {
  kept.set("trail", [...kept.get("trail", []), { id: line.id, before: line.text, seen: time, text: said }].slice(-TRAIL));
}

async function undo() {
  await alone(async () => {
    const trail = kept.get("trail", []);
    const last = trail.pop();
    if (!last) {
      tell("There is nothing to undo.");
      return;
    }
    const answer = await ask("undo", { window: me, id: last.id, before: last.before, seen: last.seen });
    kept.set("trail", trail);
    if (answer.changed) {
      alarm("Not undone: the line was changed meanwhile, by another window or by a run.");
      return;
    }
    if (desk.line) desk.ahead = Promise.resolve(Object.assign(desk.line, { draft: text.value }));
    showLine(withPictures(answer.line), last.text);
    if (!answer.line.said) tell("the last line is as it was read, and here again.", "Undone:");
  }, "NOT UNDONE");
}

function leave() {
  if (!isTouched() || desk.disputed) return skip();
  text.value = desk.line.text;
  return edited();
}

function byKey(event) {
  const { key, shiftKey, altKey } = event;
  const ctrl = event.ctrlKey || event.metaKey;
  const inText = event.target === text;
  const actions = {
    Enter: inText && (() => say(shiftKey ? "unreadable" : "corrected")),
    Escape: desk.line && leave,
    ArrowDown: inText && (() => (altKey ? unsureWord(1) : otherReading(1))),
    ArrowUp: inText && (() => (altKey ? unsureWord(-1) : otherReading(-1))),
    z: ctrl && !shiftKey && !isTouched() && undo,
  };
  const action = Object.hasOwn(actions, key) && actions[key];
  if (!action || event.isComposing || (ctrl && key !== "z")) return;
  event.preventDefault();
  if (!event.repeat || key.startsWith("Arrow")) action();
}

document.addEventListener("keydown", byKey);
document.addEventListener("selectionchange", () => { if (document.activeElement === text) showWord(); });
text.addEventListener("input", edited);
window.addEventListener("resize", resize);
window.addEventListener("beforeunload", (event) => { if (isTouched()) event.preventDefault(); });
byId("save").addEventListener("click", () => say("corrected"));
byId("unreadable").addEventListener("click", () => say("unreadable"));
byId("skip").addEventListener("click", skip);
byId("undo").addEventListener("click", undo);
byId("keys").open = window.matchMedia("(min-width: 56rem)").matches;
alone(async () => {
  showLine(await nextLine([]));
  if (desk.line) {
    tell("");
    lookAhead();
  }
}, "No line");
