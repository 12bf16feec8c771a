// Filters the navigation and the content by what is typed. Without it the page is whole, and a browser's own search works.
const label = document.querySelector('.search');
const input = label.querySelector('input');
const links = [...document.querySelectorAll('nav li')];
const parts = [...document.querySelectorAll('[data-text]')];

function filter() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = new Set();
  for (const part of parts) {
    const fits = words.every((word) => part.dataset.text.includes(word));
    part.hidden = !fits;
    if (fits) shown.add(`#${part.id}`);
  }
  for (const link of links) {
    link.hidden = words.length > 0 && !shown.has(link.firstElementChild.getAttribute('href'));
  }
  for (const group of document.querySelectorAll('nav details')) {
    group.hidden = group.querySelector('li:not([hidden])') === null;
  }
  for (const section of document.querySelectorAll('main section')) {
    const within = section.querySelectorAll('[data-text]');
    if (within.length > 0) section.hidden = section.querySelector('[data-text]:not([hidden])') === null;
    else if (!section.matches('[data-text]')) section.hidden = words.length > 0;
  }
}

label.hidden = false;
input.addEventListener('input', filter);
if (matchMedia('(max-width: 60rem)').matches) {
  for (const group of document.querySelectorAll('nav details')) group.open = false;
}
