// The operators' list. The token is kept in the session of this tab, and sent to this server alone.
"use strict";
(() => {
  const list = document.getElementById("list");
  const texts = list.dataset;
  const KEY = "databoard-maintenance-token";
  const PAGE = 100;
  const lang = document.documentElement.lang || "en";
  const locale = { en: "en-GB", fr: "fr", hi: "hi-IN-u-nu-latn" }[lang] || lang;
  const number = new Intl.NumberFormat(locale);
  const instant = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric", hour: "2-digit",
    minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });
  const byId = (id) => document.getElementById(id);
  const [form, field, status, rows] = ["token-form", "token", "list-status", "rows"].map(byId);
  const element = (name, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const say = (text, isBad = false) => {
    status.textContent = text;
    status.className = isBad ? "warn" : "note";
  };

  // `after` of the pages up to the shown one, the first one first.
  let pages = [""];
  let following = null;

  const leave = () => {
    sessionStorage.removeItem(KEY);
    list.hidden = true;
    form.hidden = false;
    rows.replaceChildren();
    field.value = "";
  };

  const ask = async (path, method = "GET") => {
    let response;
    try {
      response = await fetch(`${texts.root}maintenance/${path}`, { method, headers: { Authorization: `Bearer ${sessionStorage.getItem(KEY)}` } });
    } catch {
      throw new Error(texts.failed);
    }
    if (response.status === 401 || response.status === 403) {
      leave();
      field.focus();
      throw new Error(texts.wrong);
    }
    const body = await response.json().catch(() => null);
    if (!response.ok || !body) throw new Error(typeof body?.detail === "string" ? body.detail : `${texts.failed} (${response.status})`);
    return body;
  };
  const told = (work) => work.catch((error) => say(error.message, true));

  const button = (id, text, method, flag) => {
    const made = element("button", { type: "button", textContent: text });
    made.dataset.flag = flag;
    // Which row it is of, for those who hear it alone.
    made.setAttribute("aria-label", `${text}: ${id}`);
    made.addEventListener("click", () => told(change(`dashboard/${encodeURIComponent(id)}/${flag}`, method)
      .then(() => document.querySelector(`[data-id="${CSS.escape(id)}"] [data-flag="${flag}"]`)?.focus())));
    return made;
  };

  const heads = document.querySelectorAll(".dashboards thead th");
  const row = ({ id, widgets, size, last_access: access, whitelisted, protected: isProtected }) => {
    const name = texts.viewer ? element("a", { href: `${texts.viewer}${encodeURIComponent(id)}`, textContent: id }) : id;
    const made = element("tr", {},
      element("th", { scope: "row", className: "id" }, element("code", {}, name)),
      element("td", { className: "n", textContent: widgets == null ? texts.noDashboard : number.format(widgets) }),
      element("td", { className: "n" }, element("data", { value: size, textContent: number.format(size) })),
      element("td", { className: "nowrap" }, element("time", { dateTime: access, textContent: instant.format(Date.parse(access)) })),
      element("td", { className: "marks" }, ...[whitelisted && texts.whitelisted, isProtected && texts.protected].filter(Boolean)
        .map((text) => element("span", { className: "badge", textContent: text }))),
      element("td", { className: "changes" },
        whitelisted ? button(id, texts.unwhitelist, "DELETE", "whitelist") : button(id, texts.whitelist, "POST", "whitelist"),
        isProtected ? button(id, texts.unprotect, "DELETE", "protect") : button(id, texts.protect, "POST", "protect")));
    made.dataset.id = id;
    // Narrow screens have each row as a block, with these names before its parts.
    [...made.cells].forEach((cell, index) => { cell.dataset.name = heads[index].textContent; });
    return made;
  };

  const load = async () => {
    list.setAttribute("aria-busy", "true");
    const query = new URLSearchParams({ limit: PAGE, after: pages.at(-1) });
    const [found, stats] = await Promise.all([ask(`dashboards?${query}`), ask("stats")]);
    following = found.next;
    rows.replaceChildren(...found.dashboards.map(row));
    byId("none").hidden = found.dashboards.length > 0;
    byId("previous").disabled = pages.length === 1;
    byId("next").disabled = following == null;
    for (const cell of document.querySelectorAll("[data-stat]")) cell.textContent = number.format(stats[cell.dataset.stat]);
    form.hidden = true;
    list.hidden = false;
    list.removeAttribute("aria-busy");
  };

  const change = async (path, method) => {
    const { message } = await ask(path, method);
    await load();
    say(message);
  };
  const turn = (to) => {
    pages = to;
    told(load().then(() => byId("all").scrollIntoView({ block: "nearest" })));
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, field.value.trim());
    pages = [""];
    say(texts.loading);
    told(load().then(() => say("")));
  });
  byId("leave").addEventListener("click", () => { leave(); say(""); field.focus(); });
  byId("next").addEventListener("click", () => turn([...pages, following]));
  byId("previous").addEventListener("click", () => turn(pages.slice(0, -1)));
  byId("undelete-form").addEventListener("submit", (event) => {
    event.preventDefault();
    told(change(`dashboard/${encodeURIComponent(byId("undelete-id").value.trim())}/undelete`, "POST")
      .then(() => { byId("undelete-id").value = ""; }));
  });

  const [evictText, evictList, evictDo] = ["evict-text", "evict-list", "evict-do"].map(byId);
  const counted = (text, count) => text.replace("{number}", number.format(count));
  const evict = async (isDry) => {
    const { evicted } = await ask(`evict?dry_run=${isDry}`, "POST");
    const text = isDry && !evicted.length ? texts.noneWouldGo : counted(isDry ? texts.wouldGo : texts.gone, evicted.length);
    evictText.textContent = text;
    evictList.replaceChildren(...evicted.map(({ id, size, last_access: access }) =>
      element("li", {}, element("code", { textContent: id }), ` ${number.format(size)} B · ${instant.format(Date.parse(access))}`)));
    evictDo.hidden = !isDry || !evicted.length;
    evictDo.textContent = counted(texts.evict, evicted.length);
    if (!isDry) await load();
  };
  byId("evict-look").addEventListener("click", () => told(evict(true)));
  byId("evict-do").addEventListener("click", () => told(evict(false)));

  if (sessionStorage.getItem(KEY)) told(load());
})();
