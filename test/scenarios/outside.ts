// The surroundings of the ACS of a scenario: operators who call its API, and HTTP servers that it calls.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TOKEN } from './acs.ts';

/** Calls the REST API. @returns lines of the answer: its status, and what a caller reads of it */
export async function callApi(api: string, method: string, path: string, body: string): Promise<string[]> {
  const isJson = /^[{["]/.test(body);
  const answer = await fetch(`${api}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(body === '' ? {} : { 'content-type': isJson ? 'application/json' : 'application/octet-stream' }),
    },
    ...(body === '' ? {} : { body }),
  });
  const text = await answer.text();
  const isRead = answer.status >= 400 || method === 'GET' || path.endsWith('/dry-run');
  const lines = isRead ? bodyLines(text, answer.status >= 400) : [];
  return [`api ${answer.status}`, ...lines.map(line => `    ${line}`)];
}

/** JSON of an answer, one member or item a line; of a problem its code and detail. */
function bodyLines(text: string, isProblem: boolean): string[] {
  if (!/^[{[]/.test(text)) return text.split('\n').filter(line => line !== '');
  const json = JSON.parse(text) as Record<string, unknown>;
  if (isProblem) return [`${json.code}: ${json.detail}`];
  const items = Array.isArray(json.items) ? json.items : undefined;
  if (items) return items.map(item => JSON.stringify(item));
  return Object.entries(json).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
}

/** An HTTP server that answers everything with one status, and says what it hears. */
export async function listenAs(
  name: string,
  status: number,
  write: (line: string) => void,
): Promise<{ url: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', chunk => {
      body += chunk;
    });
    request.on('end', () => {
      write(`${name} <- ${request.method}${body === '' ? '' : ` ${body}`}`);
      response.writeHead(status, status === 401 ? { 'WWW-Authenticate': 'Basic realm="there"' } : {}).end();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close().closeAllConnections() };
}
