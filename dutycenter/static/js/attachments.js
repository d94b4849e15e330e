// Files are sent as soon as they are chosen, dropped on the page or pasted, one after another, with how far it is.
(() => {
  "use strict";
  const csrf = document.querySelector("meta[name=csrf-token]").content;
  const place = () => document.getElementById("attachments");
  let queue = Promise.resolve();

  function say(...faults) {
    const line = place().querySelector("[role=alert]");
    line.textContent = faults.join(" ");
    line.hidden = !faults.length;
  }

  function send(file) {
    const section = place();
    const bar = section.querySelector("progress");
    const body = new FormData();
    body.append("file", file, file.name);
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", section.querySelector("[data-upload]").dataset.upload);
      request.setRequestHeader("X-CSRF-Token", csrf);
      request.setRequestHeader("HX-Request", "true");
      bar.hidden = false;
      request.upload.onprogress = (event) => { bar.value = event.total ? (100 * event.loaded) / event.total : 0; };
      request.onloadend = () => {
        bar.hidden = true;
        if (request.status === 200) {
          section.outerHTML = request.responseText; // made and escaped by the server
          window.htmx.process(place());
        } else say(`${file.name}: ${request.status === 413 ? section.dataset.tooLarge : section.dataset.away}`);
        resolve();
      };
      request.send(body);
    });
  }

  function take(files) {
    const section = place();
    if (!section?.querySelector("[data-upload]")) return;
    const fitting = [...files].filter((file) => file.size <= Number(section.dataset.limit));
    for (const file of fitting) queue = queue.then(() => send(file));
    const tooLarge = [...files].filter((file) => !fitting.includes(file)).map((file) => `${file.name}: ${section.dataset.tooLarge}`);
    queue = queue.then(() => { if (tooLarge.length) say(...tooLarge); });
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-attach]")) place().querySelector("[data-upload]").click();
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-upload]")) return;
    take(event.target.files);
    event.target.value = "";
  });
  document.addEventListener("dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length) return;
    event.preventDefault();
    take(files);
  });
})();
