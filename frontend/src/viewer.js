// Shows a case's diagram with the way it took. The data come as JSON in the page; nothing is fetched.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "./viewer.css";

const MARKERS = {taken: "way-taken", current: "way-current"};

function mark(viewer, diagram) {
  const canvas = viewer.get("canvas");
  const known = viewer.get("elementRegistry");
  for (const [kind, marker] of Object.entries(MARKERS)) {
    for (const id of diagram[kind]) {
      if (known.get(id)) canvas.addMarker(id, marker);
    }
  }
}

function zoomBy(viewer, factor) {
  const canvas = viewer.get("canvas");
  canvas.zoom(Math.min(4, Math.max(0.2, canvas.zoom() * factor)));
}

function fit(viewer) {
  viewer.get("canvas").resized();
  viewer.get("canvas").zoom("fit-viewport", "auto");
}

async function show(viewer, diagram) {
  await viewer.importXML(diagram.xml);
  // The wheel scrolls the page; the buttons zoom.
  viewer.get("zoomScroll").toggle(false);
  fit(viewer);
  mark(viewer, diagram);
}

function start(frame) {
  const diagrams = JSON.parse(document.getElementById(frame.dataset.diagrams).textContent);
  const container = frame.querySelector("[data-canvas]");
  const viewer = new NavigatedViewer({container});
  let drawn = false;
  const failed = () => {
    frame.replaceChildren(document.createTextNode("流程图无法显示，请看下面的文字说明。"));
  };
  const choose = async (index) => {
    drawn = false;
    await show(viewer, diagrams[index]).then(() => { drawn = true; }, failed);
  };
  frame.hidden = false;
  frame.addEventListener("click", (event) => {
    const action = event.target.dataset.zoom;
    if (action === "in") zoomBy(viewer, 1.25);
    if (action === "out") zoomBy(viewer, 0.8);
    if (action === "fit") fit(viewer);
  });
  const picker = frame.querySelector("select");
  picker?.addEventListener("change", () => choose(Number(picker.value)));
  new ResizeObserver(() => drawn && container.clientWidth && fit(viewer)).observe(container);
  choose(0);
}

document.querySelectorAll("[data-diagrams]").forEach(start);
