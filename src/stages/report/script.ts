/** The page's own script: plays a line, shows where it is, zooms. Everything else on the page works without it. */
export const pageScript = `'use strict';
const sounds = { source: document.getElementById('source'), dub: document.getElementById('dub') };
const axis = document.getElementById('axis');
const needle = document.getElementById('needle');
const seconds = Number(axis.dataset.seconds);
let playing;

function stop() {
  if (!playing) return;
  playing.sound.pause();
  playing.button.removeAttribute('aria-pressed');
  for (const row of document.querySelectorAll('tr.playing')) row.classList.remove('playing');
  needle.hidden = true;
  playing = undefined;
}

function play(button) {
  const again = playing && playing.button === button;
  stop();
  if (again) return;
  const sound = sounds[button.dataset.play];
  if (!sound.getAttribute('src')) return;
  playing = { sound, button, to: Number(button.dataset.to) };
  button.setAttribute('aria-pressed', 'true');
  const row = document.getElementById(button.dataset.line);
  if (row) row.classList.add('playing');
  sound.currentTime = Number(button.dataset.from);
  sound.play().catch(stop);
  follow();
}

function follow() {
  if (!playing) return;
  const at = playing.sound.currentTime;
  needle.hidden = false;
  needle.style.left = (100 * at) / seconds + '%';
  if (at >= playing.to || playing.sound.ended) return stop();
  requestAnimationFrame(follow);
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-play]');
  if (!button) return;
  play(button);
  if (!axis.contains(button)) return;
  const row = document.getElementById(button.dataset.line);
  if (row) row.scrollIntoView({ block: 'nearest' });
});

// One step of the slider shows the film at one more screen's width.
document.getElementById('zoom').addEventListener('input', (event) => {
  axis.style.width = 100 * Number(event.target.value) + '%';
});
needle.hidden = true;
`;
