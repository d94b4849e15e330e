// The film: a click on a bar plays that leg here; a line over all legs shows the moment that is heard.
(() => {
  "use strict";
  const drawing = document.querySelector(".film-drawing");
  const part = (name) => document.querySelector(`[data-film="${name}"]`);
  const [sound, head] = [part("sound"), part("head")];
  if (!drawing || !sound) return;
  const aSecond = Number(drawing.dataset.aSecond);
  let playing = null;

  const follow = () => {
    if (!playing) return;
    const x = Number(playing.dataset.from) + sound.currentTime * aSecond;
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
    head.setAttribute("visibility", "visible");
  };

  const play = (bar) => {
    playing?.classList.remove("playing");
    playing = bar;
    bar.classList.add("playing");
    part("error").hidden = true;
    part("who").textContent = bar.dataset.who;
    part("whole").href = bar.getAttribute("href");
    part("whole").hidden = false;
    sound.src = bar.dataset.sound;
    sound.play().catch((error) => { if (error.name !== "AbortError") part("error").hidden = false; });
  };

  drawing.addEventListener("click", (event) => {
    const bar = event.target.closest("a[data-sound]");
    if (!bar || event.ctrlKey || event.metaKey || event.shiftKey) return; // a new window is still the recording's page
    event.preventDefault();
    if (bar === playing && !sound.paused) sound.pause();
    else if (bar === playing && !sound.ended) sound.play();
    else play(bar);
  });
  const each = () => { follow(); if (!sound.paused) requestAnimationFrame(each); };
  sound.addEventListener("play", each);
  sound.addEventListener("timeupdate", follow);
})();
