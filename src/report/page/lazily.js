// What is dear to draw is drawn when it comes near the screen, one thing at a time.

const waiting = new Map();  // what is to be done when an element is near
const queue = [];

function work() {
  const element = queue.shift(), action = waiting.get(element);
  waiting.delete(element);
  if (queue.length) setTimeout(work);
  if (action) action();
}

const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    if (queue.push(target) === 1) setTimeout(work);
  }
}, { rootMargin: '500px' });

function whenNear(element, action) {
  waiting.set(element, action);
  watcher.observe(element);
}

// On paper all is near.
addEventListener('beforeprint', () => {
  for (const [element, action] of [...waiting]) {
    waiting.delete(element);
    action();
  }
});
