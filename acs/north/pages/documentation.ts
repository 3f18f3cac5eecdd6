// The page about the API: its description to read, shown by Swagger UI.
import { type Rendered, scriptPage } from './html.ts';

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
