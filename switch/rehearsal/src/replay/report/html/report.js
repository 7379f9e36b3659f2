(function () {
  "use strict";
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
  const byId = (id) => document.getElementById(id);
  const scenarios = all("details.scenario").map((node) => ({
    node,
    verdict: node.dataset.verdict,
    tags: node.dataset.tags ? node.dataset.tags.split("\n") : [],
    text: (node.querySelector("summary").textContent + " " + (node.querySelector(".rule") || { textContent: "" }).textContent).toLowerCase(),
  }));
  const pressed = (name) => all("[data-" + name + "][aria-pressed=true]").map((node) => node.dataset[name]);

  function filter() {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = pressed("verdict"), tags = pressed("tag");
    let shown = 0;
    for (const it of scenarios) {
      const fits = words.every((word) => it.text.includes(word)) && tags.every((tag) => it.tags.includes(tag)) &&
        (verdicts.length === 0 || verdicts.includes(it.verdict));
      it.node.hidden = !fits;
      shown += fits;
    }
    for (const folder of all(".folder")) {
      folder.hidden = !folder.querySelector("details.scenario:not([hidden])");
    }
    byId("shown").textContent = shown === scenarios.length ? "" : shown + " of " + scenarios.length + " shown";
    byId("none").hidden = shown > 0 || scenarios.length === 0;
  }

  byId("search").addEventListener("input", filter);
  for (const chip of all("#tools .chip")) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", chip.getAttribute("aria-pressed") !== "true");
      filter();
    });
  }
  const toggle = (open) => () => scenarios.forEach((it) => { if (!it.node.hidden) it.node.open = open; });
  byId("open").addEventListener("click", toggle(true));
  byId("close").addEventListener("click", toggle(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement.tagName !== "INPUT") {
      event.preventDefault();
      byId("search").focus();
    }
  });

  // The fields of the message that is pointed at; else of the one that was clicked.
  for (const exchange of all(".exchange")) {
    const messages = all("g.message", exchange);
    const hint = exchange.querySelector(".hint");
    if (!exchange.querySelector("aside [data-m]")) continue;
    const marked = exchange.querySelector("g.message.marked");
    let kept = marked ? marked.dataset.m : null;
    const show = (id) => {
      all("aside [data-m]", exchange).forEach((node) => { node.hidden = node.dataset.m !== id; });
      messages.forEach((node) => node.classList.toggle("shown", node.dataset.m === id));
      hint.hidden = id !== null;
    };
    for (const node of messages) {
      const keep = () => { kept = kept === node.dataset.m ? null : node.dataset.m; show(kept); };
      node.addEventListener("click", keep);
      node.addEventListener("pointerenter", () => show(node.dataset.m));
      node.addEventListener("pointerleave", () => show(kept));
      node.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); keep(); }
      });
    }
    show(kept);
  }

  // What is scrolled to stops below the tools, where those stay in view.
  function measure() {
    const tools = byId("tools");
    const height = getComputedStyle(tools).position === "sticky" ? tools.offsetHeight : 0;
    document.documentElement.style.setProperty("--tools", height + "px");
  }
  addEventListener("resize", measure);
  measure();

  function follow() {
    const target = location.hash && byId(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") {
      target.open = true;
      target.scrollIntoView();
    }
  }
  addEventListener("hashchange", follow);
  follow();
})();
