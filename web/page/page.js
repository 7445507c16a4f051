// The checker page: hands what is entered to the Rust code, and shows its answers. No rule about keys, tokens or roles is
// written here.
//
// It sends nothing and keeps nothing: no request, no storage, no cookie, no log. A secret is in the field that shows it and
// nowhere else in the document: never in an attribute, an address or a message. Text is set as text, never as HTML.

(function () {
  "use strict";

  // What the Rust code reads of a file. One byte more tells it that there was more.
  const LARGEST_FILE = 64 * 1024;
  const TONES = { good: "Good", note: "Note", doubtful: "Doubtful", wrong: "Wrong" };
  const OUTPUTS = ".verdict, pre, time, main dl, .findings, .notes, thead, tbody";
  const REACHES = { full: "yes", limited: "limited", read_only: "read-only", none: "no" };

  const root = document.documentElement;
  const at = (id) => document.getElementById(id);

  // ---- The Rust code -------------------------------------------------------------------------------------------------

  // It lies in this document, so that nothing has to be fetched.
  async function load() {
    const text = atob(at("wasm").textContent);
    const packed = new Uint8Array(text.length);
    for (let index = 0; index < text.length; index += 1) packed[index] = text.charCodeAt(index);
    const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    await wasm_bindgen({ module_or_path: await new Response(unpacked).arrayBuffer() });
    "".toWellFormed(); // Not in every browser.
  }

  function ask(question, ...given) {
    try {
      return JSON.parse(wasm_bindgen[question](...given));
    } catch {
      fail("The checker has met a defect of its own. Reload the page.");
      throw new Error("asc-auth: no answer"); // Not the error itself: the console may show nothing that was entered.
    }
  }

  function fail(sentence) {
    root.dataset.state = "failed";
    at("main").inert = true;
    at("failure").textContent = sentence;
    at("failure").hidden = false;
  }

  // ---- What is entered -----------------------------------------------------------------------------------------------

  // The file in use: its name and its bytes. They may be DER, so they are never read as text.
  let file = null;

  // Half of a character, which a field can hold, is none in the JSON that Rust reads.
  const valueOf = (id) => at(id).value.toWellFormed();
  const isTicked = (id) => at(id).checked;
  const now = () => Date.now() / 1000;
  const key = () => file?.bytes ?? new TextEncoder().encode(valueOf("key"));
  const fileName = () => file?.name ?? "";

  function fields() {
    return JSON.stringify({
      key_id: valueOf("key-id"),
      issuer_id: valueOf("issuer-id"),
      kind: valueOf("key-type"),
      file_name: fileName(),
    });
  }

  // A dropped or pasted file becomes the chosen one of the input, which then shows its name.
  async function useFile(files) {
    const [chosen] = files;
    at("key-file").files = files;
    forgetFile();
    const read = await chosen?.slice(0, LARGEST_FILE + 1).arrayBuffer().catch(() => null);
    if (at("key-file").files[0] !== chosen) return; // Replaced or forgotten meanwhile.
    if (read) {
      file = { name: chosen.name.toWellFormed(), bytes: new Uint8Array(read) };
      at("key").value = "";
      at("key").placeholder = `${chosen.name} is in use. Type or paste here to use that instead.`;
    }
    showAnswers("key");
    if (chosen && !read) showVerdict("file-verdict", { tone: "wrong", title: "The browser can’t read this file" });
  }

  function forgetFile() {
    file?.bytes.fill(0);
    file = null;
    at("key").placeholder = at("key").dataset.empty;
  }

  // The input would go on showing its name.
  function dropFile() {
    at("key-file").value = "";
    forgetFile();
  }

  // ---- What is shown -------------------------------------------------------------------------------------------------

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const fill = (id, children) => at(id).replaceChildren(...children);

  // A text that can be copied. Its figure is there only while there is one.
  function put(id, text) {
    const element = at(id);
    if (element.matches("textarea")) element.value = text ?? "";
    else element.textContent = text ?? "";
    element.closest("figure").hidden = !text;
  }

  const item = (text) => make("li", {}, text);
  const line = ({ label, text }) => make("div", {}, make("dt", {}, label), make("dd", {}, text));

  function badge(tone, word = TONES[tone]) {
    return word ? [make("span", { class: "badge", "data-tone": tone }, word), " "] : [];
  }

  const shown = new Map(); // The verdicts that stand there, as JSON.

  function showVerdict(id, verdict) {
    const json = JSON.stringify(verdict);
    if (shown.get(id) === json) return;
    shown.set(id, json);
    const { tone = "waiting", title = "", facts = [], advice = "", causes = [] } = verdict ?? {};
    const element = at(id);
    const before = element.querySelector(".title")?.textContent;
    element.dataset.tone = tone;
    element.replaceChildren();
    if (title) element.append(make("p", { class: "title" }, ...badge(tone), title));
    if (facts.length) element.append(make("dl", {}, ...facts.map(line)));
    if (advice) element.append(make("p", { class: "advice" }, advice));
    if (causes.length) element.append(make("ol", {}, ...causes.map(item)));
    const field = document.querySelector(`.field [aria-describedby="${id}"]`);
    if (field) field.ariaInvalid = tone === "wrong";
    if (title && element.querySelector(".title").textContent !== before) announce(id);
  }

  // A screen reader hears the verdicts on the section it is in, once the typing pauses: not one at every key.
  const unsaid = new Set();
  let pause;

  function announce(id) {
    const section = at(id).closest("section");
    if (!section.contains(document.activeElement)) return;
    unsaid.add(id);
    clearTimeout(pause);
    pause = setTimeout(() => {
      say([...unsaid].map((changed) => at(changed).querySelector(".title")?.textContent ?? "").join(". "));
      unsaid.clear();
    }, 600);
  }

  const say = (text) => (at("announcer").textContent = text);

  // ---- Check, prepare ------------------------------------------------------------------------------------------------

  function showCheck() {
    const said = ask("check", fields(), key());
    showVerdict("key-id-verdict", said.key_id);
    showVerdict("issuer-id-verdict", said.issuer_id);
    showVerdict("key-type-verdict", said.kind);
    showVerdict("key-verdict", said.key);
    showVerdict("file-verdict", said.file);
    showVerdict("conclusion", said.conclusion);
    put("fingerprint", said.fingerprint);
  }

  function showPrepared() {
    const choices = {
      export: [...at("exports").querySelectorAll(":checked")].map((box) => box.id.replace("export-", "")),
      lifetime: valueOf("lifetime"),
      scope: valueOf("scope"),
      validate: isTicked("validate"),
      expect_app: valueOf("expect-app"),
      forbid_admin: isTicked("forbid-admin"),
    };
    const said = ask("prepare", fields(), key(), JSON.stringify(choices));
    showVerdict("prepare-verdict", said.problem);
    fill("prepare-notes", said.notes.map(item));
    put("base64", said.base64);
    put("github-commands", said.github.commands);
    put("github-workflow", said.github.workflow);
    put("gitlab-commands", said.gitlab.commands);
    put("gitlab-pipeline", said.gitlab.pipeline);
  }

  let lifetime = ""; // What the fields for one begin with.

  function offerChoices() {
    const { exports, lifetime: usual } = ask("choices");
    const boxes = exports.map((name) => {
      const box = make("input", { type: "checkbox", id: `export-${name}`, autocomplete: "off" });
      return make("label", {}, box, ` ${name}`);
    });
    fill("exports", boxes);
    lifetime = usual;
    setLifetimes();
  }

  function setLifetimes() {
    for (const id of ["lifetime", "mint-lifetime"]) at(id).value = lifetime;
  }

  // ---- Token ---------------------------------------------------------------------------------------------------------

  function mint() {
    const wanted = {
      lifetime: valueOf("mint-lifetime"),
      scope: valueOf("mint-scope"),
      in_house: isTicked("mint-in-house"),
    };
    const said = ask("mint", fields(), key(), JSON.stringify(wanted), now());
    showMinted(said);
    if (said.token) say("The token is made.");
  }

  function showMinted({ problem, token, lines, try: shell }) {
    showVerdict("mint-verdict", problem);
    put("token", token);
    showTime("mint-clock");
    fill("token-lines", lines.map(line));
    put("try", shell);
    at("minted").hidden = !token;
  }

  // What it was made of has changed.
  const dropMinted = () => showMinted({ problem: null, token: null, lines: [], try: null });

  function showInspected() {
    const token = valueOf("inspect-token");
    const said = ask("inspect", token, token ? key() : new Uint8Array(), fileName(), isTicked("inspect-in-house"), now());
    showVerdict("inspect-verdict", said.conclusion);
    showTime("inspect-clock");
    fill("inspect-lines", said.lines.map(line));
    fill("inspect-findings", said.findings.map(finding));
    at("inspected").hidden = !token;
  }

  function finding({ rule, severity, what, remedy }) {
    const mark = severity === "refused" ? badge("wrong", "Refused") : badge("doubtful");
    const title = make("p", { class: "title" }, ...mark, what);
    return make("li", {}, title, make("p", {}, remedy), make("p", { class: "hint" }, "Rule: ", make("code", {}, rule)));
  }

  function showTime(id) {
    const time = new Date().toISOString();
    at(id).dateTime = time;
    at(id).textContent = time.replace("T", " ").replace(/\..*/, " UTC");
  }

  // ---- Roles, errors -------------------------------------------------------------------------------------------------

  function showRoles() {
    const { answer, wanted, areas, roles, notes } = ask("roles", valueOf("roles-wanted"));
    showVerdict("roles-answer", answer);
    const titles = ["Role", ...areas.map(({ title }) => title), "Choose it"];
    const head = make("tr", {}, ...titles.map((title) => make("th", { scope: "col" }, title)));
    const rows = roles.map((role) => {
      const reaches = areas.map(({ area }) => make("td", { "data-reach": role.reach[area] }, REACHES[role.reach[area]]));
      const choose = make("td", role.for_automation ? {} : { "data-tone": "doubtful" }, role.choose);
      return make("tr", {}, make("th", { scope: "row" }, role.name), ...reaches, choose);
    });
    at("roles-table").tHead.replaceChildren(head);
    at("roles-table").tBodies[0].replaceChildren(...rows);
    at("roles-table").closest(".scroll").hidden = !roles.length;
    fill("roles-notes", notes.map(item));
    for (const button of at("roles-areas").children) button.ariaPressed = wanted.includes(button.value);
  }

  const areasOf = (wish) => ask("roles", wish).wanted;

  // A button for each area writes a word for it into the field, or takes out those that mean it.
  function offerAreas() {
    const buttons = ask("roles", "").areas.map(({ area, title, words }) => {
      const word = [title.toLowerCase(), ...words].find((word) => areasOf(word).length === 1);
      const button = make("button", { type: "button", value: area }, title);
      button.addEventListener("click", () => {
        const wishes = valueOf("roles-wanted").split(",").map((wish) => wish.trim()).filter(Boolean);
        const others = wishes.filter((wish) => !areasOf(wish).includes(area));
        at("roles-wanted").value = (others.length < wishes.length ? others : [...wishes, word]).join(", ");
        showAnswers("roles");
      });
      return button;
    });
    fill("roles-areas", buttons);
  }

  const showExplained = () => showVerdict("answer-verdict", ask("explain", valueOf("answer")));

  // ---- Copy ----------------------------------------------------------------------------------------------------------

  async function copy(button) {
    const source = at(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
    } catch {
      if (!copySelected(source)) return say("The browser didn’t allow it. Select the text and copy it.");
    }
    // What was copied before is in the clipboard no more.
    for (const notice of document.querySelectorAll(".notice")) notice.hidden = true;
    const notice = source.closest("figure").querySelector(".notice");
    say(notice ? `Copied. ${notice.textContent}` : "Copied");
    if (notice) notice.hidden = false;
    flash(button, "Copied");
  }

  function flash(button, word) {
    const text = button.firstChild;
    button.dataset.word ??= text.data;
    text.data = word;
    setTimeout(() => {
      text.data = button.dataset.word;
      say("");
    }, 2000);
  }

  // For a page from a file, which some browsers give no clipboard.
  function copySelected(source) {
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }

  // Chromium would copy the dots of a field that is covered.
  function uncover(event) {
    const { value, selectionStart, selectionEnd } = event.target;
    if (!event.target.matches?.(".secret textarea") || selectionStart === selectionEnd) return;
    event.clipboardData.setData("text/plain", value.slice(selectionStart, selectionEnd));
    event.preventDefault();
    if (event.type === "cut") document.execCommand("delete");
  }

  // ---- Forget --------------------------------------------------------------------------------------------------------

  // Asks nobody for what must become empty, so that it does even when the Rust code is of no use any more. Nor does it go
  // by the defaults in the document: a browser that saves a page writes what was entered there.
  function wipe() {
    for (const field of document.querySelectorAll("input[type=text], textarea")) empty(field);
    for (const box of document.querySelectorAll("[type=checkbox]")) box.checked = box.id === "validate";
    at("key-type").selectedIndex = 0;
    dropFile();
    setLifetimes();
    for (const part of document.querySelectorAll("figure, .notice, #minted, #inspected")) part.hidden = true;
    for (const output of document.querySelectorAll(OUTPUTS)) output.replaceChildren();
    shown.clear();
    clearTimeout(pause);
    say("");
    Object.keys(answers).forEach(showAnswers);
  }

  // An undo would bring back what stood in it. Another field in its place has no past.
  function empty(field) {
    field.value = field.defaultValue = "";
    const fresh = field.cloneNode(true);
    const hasFocus = field === document.activeElement;
    field.replaceWith(fresh);
    if (hasFocus) fresh.focus({ preventScroll: true });
  }

  // ---- What follows what ---------------------------------------------------------------------------------------------

  // What is to be shown again when something in a section changes, or the key. With a key an answer takes milliseconds, so
  // nothing is asked that can't have changed.
  const answers = {
    check: [showCheck, showPrepared, dropMinted],
    key: [showCheck, showPrepared, dropMinted, showInspected],
    prepare: [showPrepared],
    making: [dropMinted],
    inspect: [showInspected],
    roles: [showRoles],
    errors: [showExplained],
  };

  const isReady = () => root.dataset.state === "ready";

  function showAnswers(section) {
    if (!isReady()) return;
    for (const show of answers[section] ?? []) show();
  }

  function listen() {
    document.addEventListener("input", ({ target }) => {
      if (target.matches(".show input, [type=file]")) return;
      if (target.id === "key") dropFile();
      showAnswers(target.id === "key" ? "key" : target.closest("section").id);
    });
    for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
    document.addEventListener("copy", uncover);
    document.addEventListener("cut", uncover);
    document.addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length) return;
      event.preventDefault();
      useFile(event.clipboardData.files);
    });
    document.addEventListener("dragover", drag);
    document.addEventListener("drop", drag);
    document.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!relatedTarget) at("check").classList.remove("dropping");
    });
    at("key-file").addEventListener("change", ({ target }) => useFile(target.files));
    at("mint").addEventListener("click", () => isReady() && mint());
    at("forget").addEventListener("click", ({ target }) => {
      wipe();
      say("Everything is forgotten. What you copied is still on the clipboard.");
      flash(target, "Forgotten");
    });
  }

  // A file that is dropped beside the section must not replace the page. Text may be dropped into fields.
  function drag(event) {
    const hasFile = event.dataTransfer.types.includes("Files");
    if (!hasFile && event.target.matches?.("input, textarea")) return;
    event.preventDefault();
    const isHere = hasFile && at("check").contains(event.target);
    at("check").classList.toggle("dropping", isHere && event.type === "dragover");
    event.dataTransfer.dropEffect = isHere ? "copy" : "none";
    if (isHere && event.type === "drop") useFile(event.dataTransfer.files);
  }

  async function start() {
    // A page that was saved says what it was then.
    delete root.dataset.state;
    at("main").inert = false;
    at("failure").hidden = true;
    if (top !== self || opener) return fail("Open this page in a tab of its own: another page holds or has opened this one.");
    at("key").dataset.empty ??= at("key").placeholder;
    addEventListener("pagehide", wipe);
    listen();
    await new Promise((shown) => addEventListener("pageshow", shown, { once: true }));
    wipe(); // A browser restores fields as late as that.
    try {
      await load();
    } catch {
      return fail("This browser can’t run the checker: it is too old, or WebAssembly is turned off in it.");
    }
    at("version").textContent = wasm_bindgen.version();
    offerChoices();
    offerAreas();
    root.dataset.state = "ready";
    Object.keys(answers).forEach(showAnswers);
    performance.mark("asc-auth:ready");
  }

  start();
})();
