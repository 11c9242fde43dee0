'use strict';
/* Sorts, filters and searches the mailboxes. Without it they are all there, in the manifest's order:
   so it is this script that lets the style sheet leave rows out, and it runs before there are any. */
document.documentElement.classList.add('scripted');
document.addEventListener('DOMContentLoaded', () => {
  const PAGE = 200; /* as in the style sheet */
  const table = document.getElementById('boxes');
  const tools = document.getElementById('tools');
  if (!table || !tools) return;
  const more = document.getElementById('more');
  const find = document.getElementById('find');
  const grade = document.getElementById('grade');
  const status = document.getElementById('status');
  const shown = document.getElementById('shown');
  const nothing = document.getElementById('nothing');
  const heads = [...table.tHead.rows[0].cells];
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

  /* A mailbox has its rows in the page (body), or is still text (html). */
  const references = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
  const textOf = (html) => html.replace(/<[^>]*>/g, '').replace(/&(?:lt|gt|quot|#39|amp);/g, (found) => references[found]);
  const cellOf = (html) => {
    const end = html.indexOf('>');
    return { text: textOf(html.slice(end + 1)), value: html.slice(0, end).match(/data-v=(-?\d+)/)?.[1] };
  };
  const ofRows = (body) => {
    const cells = [...body.rows[0].cells].map((cell) => ({ text: cell.textContent, value: cell.dataset.v }));
    return { body, html: '', cells, words: null };
  };
  const ofText = (html) => ({ body: null, html, words: null, cells: html.slice(0, html.indexOf('<tr class=d>')).split(/<t[hd]\b/).slice(1).map(cellOf) });
  const rest = document.getElementById('rest')?.textContent ?? '';
  const texts = rest.split('</details>\n').slice(0, -1);
  const boxes = [...table.tBodies].map(ofRows).concat(texts.map(ofText));
  const bodyOf = (box) => {
    if (!box.body) {
      const template = document.createElement('template');
      template.innerHTML = `<table>${box.html}`;
      box.body = template.content.querySelector('tbody');
    }
    return box.body;
  };
  const GRADE = 1, STATUS = 2; /* columns */
  let order = boxes;
  let limit = PAGE;

  const valueOf = (box, column, isNumber) => {
    const cell = box.cells[column];
    if (!isNumber) return plain(cell.text);
    return Number(cell.value ?? cell.text.replace(/[^0-9-]/g, ''));
  };

  const matches = (box, words) => {
    if (grade.value && box.cells[GRADE].text !== grade.value) return false;
    if (status.value && box.cells[STATUS].text !== status.value) return false;
    if (words.length === 0) return true;
    box.words ??= plain(box.body ? box.body.textContent : textOf(box.html));
    return words.every((word) => box.words.includes(word));
  };

  const draw = () => {
    const words = plain(find.value).split(/\s+/).filter(Boolean);
    const found = order.filter((box) => matches(box, words));
    const visible = found.slice(0, limit);
    table.classList.add('drawn');
    table.replaceChildren(table.tHead, ...visible.map(bodyOf));
    shown.value = shown.dataset.say.replace('{1}', number.format(visible.length)).replace('{2}', number.format(boxes.length));
    nothing.hidden = found.length > 0;
    more.hidden = visible.length === found.length;
  };

  const sortBy = (column) => {
    const head = heads[column];
    const isNumber = 'n' in head.dataset;
    const isUp = head.ariaSort ? head.ariaSort !== 'ascending' : !isNumber;
    const sign = isUp ? 1 : -1;
    const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
    const keyed = boxes.map((box) => [valueOf(box, column, isNumber), box]);
    keyed.sort((a, b) => sign * (isNumber ? a[0] - b[0] : collator.compare(a[0], b[0])));
    order = keyed.map((pair) => pair[1]);
    heads.forEach((other) => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', isUp ? 'ascending' : 'descending');
    draw();
  };

  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent.trim();
    button.addEventListener('click', () => sortBy(column));
    head.replaceChildren(button);
  });
  const fill = (select, values) => [...new Set(values)].forEach((value) => select.add(new Option(value)));
  fill(grade, boxes.map((box) => box.cells[GRADE].text));
  fill(status, boxes.map((box) => box.cells[STATUS].text));
  [find, grade, status].forEach((input) => input.addEventListener('input', () => { limit = PAGE; draw(); }));
  tools.addEventListener('submit', (event) => event.preventDefault());
  const showAll = () => { limit = Infinity; draw(); };
  more.addEventListener('click', showAll);
  addEventListener('beforeprint', showAll);
  tools.hidden = false;
  draw();
});
