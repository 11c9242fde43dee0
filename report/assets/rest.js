/* What follows is one text to the browser, of which report.js makes rows; without that, they are rows. */
if (document.documentElement.classList.contains('scripted')) document.write('<script type="text/html" id="rest">');
