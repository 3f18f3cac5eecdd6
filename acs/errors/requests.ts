// Errors of any request to the API: how it is written, and what it is written in.
import type { ErrorEntries } from './entry.ts';

export const requestErrors = {
  unauthorized: {
    status: 401,
    meaning: 'The bearer token is missing or not valid.',
    remedy: 'Send the header Authorization: Bearer TOKEN with a valid token.',
  },
  forbidden: {
    status: 403,
    meaning: 'The role of the token does not allow this operation.',
    remedy: 'Use a token with the role that the message names.',
  },
  'too-many-watchers': {
    status: 503,
    meaning: 'Too many clients read the live events already.',
    remedy: 'Close some of them, or share one between several readers.',
  },
  'no-such-call': {
    status: 404,
    meaning: 'No operation has this path.',
    remedy: 'Compare the path with the API description (GET /api/v1/openapi.json).',
  },
  'method-not-allowed': {
    status: 405,
    meaning: 'The path exists, but not with this HTTP method.',
    remedy: 'Use one of the methods in the Allow header.',
  },
  'encoded-body': {
    status: 415,
    meaning: 'The request body has a Content-Encoding.',
    remedy: 'Send the body without compression.',
  },
  'too-large': {
    status: 413,
    meaning: 'The request body exceeds the limit of this operation.',
    remedy: 'Send a smaller body, or split the request.',
  },
  'bad-request': {
    status: '4xx',
    meaning: 'The HTTP request cannot be processed; the status says in which way.',
    remedy: 'Correct the request as the message says.',
  },
  'bad-http': {
    status: [400, 408, 431],
    meaning: 'The bytes received are not a valid HTTP request, arrived too slowly, or have too many headers.',
    remedy: 'Check the client and the proxies in front of the ACS.',
  },
  'bad-json': {
    status: 400,
    meaning: 'The body is empty or not JSON.',
    remedy: 'Send a JSON document in UTF-8.',
  },
  'bad-input': {
    status: 400,
    meaning: 'A field of the body or of the query is unknown, missing, or has a wrong value; `place` is where.',
    remedy: 'The message names the field and the expected form.',
  },
  'count-moved': {
    status: 409,
    meaning: 'More or fewer fit now than `expect` says.',
    remedy: 'Look at them again, and send the new number.',
  },
  'bad-xml': {
    status: 400,
    meaning: 'The SOAP request is not XML, has a DTD, or is not UTF-8; `place` is where.',
    remedy: 'Send a well-formed document without DTD, in UTF-8.',
  },
  'bad-envelope': {
    status: 400,
    meaning: 'The XML is not an envelope of SOAP 1.1 with one call, or its header cannot be used.',
    remedy: 'Let a client make it from the description (GET /soap?wsdl).',
  },
  'soap-version': {
    status: [400, 415],
    meaning: 'The envelope or its Content-Type is that of another version than SOAP 1.1.',
    remedy: 'Send SOAP 1.1, as text/xml.',
  },
  'soap-header': {
    status: 400,
    meaning: 'A header of the envelope must be understood, and is not.',
    remedy: 'Leave the header out; a UsernameToken is the only one that is used.',
  },
  'not-soap': {
    status: 415,
    meaning: 'The Content-Type is not that of a SOAP 1.1 request, or has attachments (MTOM).',
    remedy: 'Send text/xml, contents as base64.',
  },
  'nul-in-text': {
    status: 400,
    meaning: 'A text contains a NUL character.',
    remedy: 'Remove the NUL character.',
  },
  'bad-csv': {
    status: 400,
    meaning: 'The CSV is malformed or has an unknown column.',
    remedy: 'The message names the line or the column.',
  },
  'empty-csv': {
    status: 400,
    meaning: 'The CSV has no header line.',
    remedy: 'Put the column names into the first line.',
  },
  'bad-filter': {
    status: 400,
    meaning: 'The filter expression is not valid; `column` is the place of the error.',
    remedy: 'Correct the expression; docs/api.md describes the language.',
  },
  'bad-duration': {
    status: 400,
    meaning: 'A duration is not valid.',
    remedy: 'Write a number and a unit: 30s, 5m, 1h or 2d.',
  },
  'bad-field': {
    status: 400,
    meaning: 'A name in `fields` is not one of this list.',
    remedy: 'The message names it. The fields are those of an entry in the API description.',
  },
  'bad-facet': {
    status: 400,
    meaning: 'Devices cannot be counted by this field.',
    remedy: 'Use a field of filters that is no time, a site field, or the path of one parameter.',
  },
  'secret-field': {
    status: 400,
    meaning: 'The field holds a secret, of which no order and no count may tell.',
    remedy: 'Sort or count by another field.',
  },
  'bad-sort': {
    status: 400,
    meaning: 'The result cannot be sorted by this field.',
    remedy: 'Use one of the fields that the message names, with - in front for descending order.',
  },
  'bad-cursor': {
    status: 400,
    meaning: 'The cursor does not belong to this search.',
    remedy: 'Repeat the search without a cursor.',
  },
  'bad-time': {
    status: 400,
    meaning: 'A time or period is not valid.',
    remedy: 'Write a time as 2026-01-31T12:00:00Z, a period as 30m or 24h.',
  },
  'bad-span': {
    status: 400,
    meaning: 'The start of the time span is not before its end.',
    remedy: 'Exchange or correct `from` and `to`.',
  },
  'bad-name': {
    status: 400,
    meaning: 'A name has a wrong form or is reserved.',
    remedy: 'The message says which characters and lengths are allowed.',
  },
  'bad-path': {
    status: 400,
    meaning: 'A text is not a parameter path.',
    remedy: 'Write the full path of a parameter of the data model.',
  },
  'bad-url': {
    status: 400,
    meaning: 'The URL of a webhook is not valid or not allowed.',
    remedy: 'Use https:// (or an allowed http://) without user name and password.',
  },
  'masked-secret': {
    status: 400,
    meaning: 'The request contains the mask `***` in place of a secret, but no secret is stored there.',
    remedy: 'Send the secret itself.',
  },
  'invalid-argument': {
    status: 400,
    meaning: 'An argument of an RPC has a wrong type or is missing; `argument` names it.',
    remedy: 'Correct the argument; docs/api.md shows the form.',
  },
  'cwmp-fault': {
    status: 400,
    meaning: 'A value or path is refused with a CWMP fault code.',
    remedy: 'The message holds the code and the reason.',
  },
  'changed-meanwhile': {
    status: [409, 412],
    meaning:
      'The object was changed by another request in the meantime. 412: it is not in the state that If-Match or If-None-Match asks for; `etag` is that of the present version, null where there is none.',
    remedy: 'Read it again and repeat the change.',
  },
  'no-such-version': {
    status: 404,
    meaning: 'No such version is kept of the object: only the newest 100 are, and a deletion has no content.',
    remedy: 'List them with GET …/versions.',
  },
  internal: {
    status: 500,
    meaning: 'An unexpected error occurred in the ACS.',
    remedy: 'Look for "request failed" in the log and report it.',
  },
} as const satisfies ErrorEntries;
