// Answers of the pages: their headers, and their content as page, text, file or redirection.
import type { ServerResponse } from 'node:http';
import { pageHeaders } from '../../shared/web/html-page.ts';
import type { ActionResult } from './forms/action.ts';

type Download = Extract<ActionResult, { kind: 'file' }>;

export function send(
  response: ServerResponse,
  status: number,
  content: string | Buffer,
  headers: Record<string, string>,
): void {
  const bytes = Buffer.from(content as string);
  response.writeHead(status, {
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    'Content-Length': String(bytes.length),
    ...headers,
  });
  response.end(bytes);
}

export const sendPage = (response: ServerResponse, status: number, content: string): void =>
  send(response, status, content, {
    ...pageHeaders("style-src 'self'; img-src 'self'; form-action 'self'"),
    // Without a referrer, a browser names no origin with a form, and the form is refused.
    'referrer-policy': 'same-origin',
  });

export const sendText = (response: ServerResponse, status: number, content: string): void =>
  send(response, status, `${content}\n`, { 'Content-Type': 'text/plain; charset=utf-8' });

export function sendFile(response: ServerResponse, { name, type, bytes }: Download): void {
  const plain = name.replace(/[^\w.-]/g, '_');
  send(response, 200, bytes, { 'Content-Type': type, 'Content-Disposition': `attachment; filename="${plain}"` });
}

export function redirect(response: ServerResponse, to: string): void {
  response.writeHead(303, { Location: to, 'Cache-Control': 'no-store', 'Content-Length': '0' });
  response.end();
}
