// Draws features and a graticule over a plain ground: nothing is loaded from elsewhere.
(function () {
  "use strict";
  const box = document.getElementById("map");
  if (!box || typeof L === "undefined") return;

  const ink = "#0b4f6c";
  const shape = { color: ink, weight: 1.5, fillColor: ink, fillOpacity: 0.16 };
  const spot = {
    radius: 5,
    color: "#ffffff",
    weight: 1,
    fillColor: "#b3430a",
    fillOpacity: 0.95,
  };
  const map = L.map(box, {
    zoomControl: false,
    worldCopyJump: false,
    zoomSnap: 0.25,
    zoomAnimation: false,
    fadeAnimation: false,
  });
  map.attributionControl.setPrefix("Leaflet");
  L.control
    .zoom({ zoomInTitle: box.dataset.zoomIn, zoomOutTitle: box.dataset.zoomOut })
    .addTo(map);
  map.setView([46.6, 2.4], 5);

  map.createPane("graticule").style.zIndex = 250;
  const graticule = L.layerGroup().addTo(map);
  const steps = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

  function line(points) {
    const style = { color: "#bccad0", weight: 1, interactive: false, pane: "graticule" };
    L.polyline(points, style).addTo(graticule);
  }

  function drawGraticule() {
    graticule.clearLayers();
    const width = map.getBounds().getEast() - map.getBounds().getWest();
    const view = map.getBounds().pad(0.5);
    const step = steps.find((each) => width / each >= 4) || steps[steps.length - 1];
    const west = Math.max(view.getWest(), -180);
    const east = Math.min(view.getEast(), 180);
    const south = Math.max(view.getSouth(), -85);
    const north = Math.min(view.getNorth(), 85);
    for (let x = Math.ceil(west / step); x * step <= east; x += 1) {
      line([[south, x * step], [north, x * step]]);
    }
    for (let y = Math.ceil(south / step); y * step <= north; y += 1) {
      line([[y * step, west], [y * step, east]]);
    }
  }
  map.on("moveend", drawGraticule);

  function popup(feature) {
    const content = document.createElement("div");
    if (feature.id !== undefined) {
      const title = document.createElement(box.dataset.item ? "a" : "strong");
      title.textContent = String(feature.id);
      if (box.dataset.item) title.href = box.dataset.item + itemPath(feature.id);
      content.append(title);
    }
    const list = document.createElement("dl");
    for (const [name, value] of Object.entries(feature.properties || {}).slice(0, 8)) {
      if (value === null) continue;
      const term = document.createElement("dt");
      const detail = document.createElement("dd");
      term.textContent = name;
      detail.textContent = typeof value === "object" ? JSON.stringify(value) : String(value);
      list.append(term, detail);
    }
    content.append(list);
    return content;
  }

  function itemPath(id) {
    return encodeURIComponent(String(id)) + "?f=html";
  }

  function draw(features) {
    const layer = L.geoJSON(features, {
      style: (feature) => (feature.geometry.type.endsWith("Point") ? spot : shape),
      pointToLayer: (feature, place) => L.circleMarker(place, spot),
      onEachFeature: (feature, each) => each.bindPopup(() => popup(feature)),
    }).addTo(map);
    return layer;
  }

  function look(bounds) {
    if (bounds && bounds.isValid()) map.fitBounds(bounds, { padding: [12, 12], maxZoom: 16 });
  }

  if (box.dataset.extent) {
    const [west, south, east, north] = box.dataset.extent.split(",").map(Number);
    const extent = L.latLngBounds([south, west], [north, east]);
    look(extent);
    L.rectangle(extent, { color: ink, weight: 1, dashArray: "4 4", fill: false, interactive: false }).addTo(map);
  }
  if (box.dataset.inline) {
    const features = JSON.parse(document.getElementById(box.dataset.inline).textContent);
    look(draw(features.filter((feature) => feature.geometry)).getBounds());
  }
  for (const number of ["1", "2", "3"]) {
    const address = box.getAttribute("data-features-" + number);
    if (!address) continue;
    fetch(address, { headers: { Accept: "application/geo+json" } })
      .then((answer) => (answer.ok ? answer.json() : { features: [] }))
      .then((found) => draw(found.features.filter((feature) => feature.geometry)))
      .catch(() => {});
  }
  drawGraticule();
})();
