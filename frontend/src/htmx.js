// htmx under the policy of the pages: no evaluation, no style of its own, and refusals are pages like others.
import htmx from "htmx.org";

Object.assign(htmx.config, {
  allowEval: false,
  attributesToSettle: [], // a style that a tool has left on an element is not carried over
  allowScriptTags: false,
  includeIndicatorStyles: false,
  historyCacheSize: 0, // pages hold personal data: no copy stays in the browser
  refreshOnHistoryMiss: true,
  selfRequestsOnly: true,
  scrollIntoViewOnBoost: false,
  timeout: 35000, // the server gives up after 30 s
  responseHandling: [
    {code: "204|304", swap: false},
    {code: "[23]..", swap: true},
    {code: "4(09|22)", swap: true},
    {code: "[45]..", swap: false, error: true},
  ],
});

window.htmx = htmx;
