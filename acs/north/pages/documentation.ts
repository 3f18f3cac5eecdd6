// The pages about the API: what answers here, and its description to read, shown by Swagger UI.
import { htmlOf, type Rendered, scriptPage } from './html.ts';

const ROOT = `<p>A TR-069 Auto Configuration Server. Its API is below <code>/api/v1</code>.</p>
<ul>
<li><a href="/docs">The calls of the API</a>, to read and to try</li>
<li><a href="/openapi.json">Their description</a> (OpenAPI 3.1), for programs</li>
<li><a href="/soap?wsdl">The same calls by SOAP</a> (WSDL 1.1)</li>
<li><a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a> and <a href="/metrics">/metrics</a>, for what watches it</li>
</ul>`;

export const rootPage = (): Rendered => htmlOf({ title: 'Tandem ACS', body: ROOT });

export const UI_STYLE = '/docs/swagger-ui.css';
export const UI_SCRIPT = '/docs/swagger-ui-bundle.js';

/** The cookie of a session counts for calls from here, as the header X-Tandem says. */
const START = `
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#ui',
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  validatorUrl: null,
  requestInterceptor: request => {
    request.headers['X-Tandem'] = '1';
    return request;
  },
});
`;

export const docsPage = (): Rendered =>
  scriptPage({
    title: 'API of Tandem ACS',
    style: UI_STYLE,
    script: UI_SCRIPT,
    body: '<div id="ui"></div>',
    start: START,
  });
