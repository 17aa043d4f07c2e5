/** The small guards that every request passes. */
import { describe, expect, test } from 'vitest';
import { checkBind, isLoopback } from './bind-policy.ts';
import { nameSchemas } from './name-schemas.ts';
import { checkOrigin } from './origin-policy.ts';
import { requestIdSource } from './request-id.ts';

describe('the bind policy', () => {
  test('takes addresses of this machine only', () => {
    for (const host of ['127.0.0.1', '127.8.9.1', 'localhost', 'LOCALHOST', '::1', '[::1]']) {
      expect([host, isLoopback(host)]).toEqual([host, true]);
    }
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', 'example.org', '']) {
      expect([host, isLoopback(host)]).toEqual([host, false]);
      expect(() => checkBind(host, false)).toThrow(/--insecure-public/);
      expect(() => checkBind(host, true)).not.toThrow();
    }
  });
});

describe('the origin policy', () => {
  const policy = { loopbackOnly: true, allowedHosts: new Set(['uqo.example']) };
  const isAllowed = (headers: Record<string, string>, loopbackOnly = true): boolean => {
    try {
      checkOrigin(headers, { ...policy, loopbackOnly });
      return true;
    } catch {
      return false;
    }
  };

  test('takes requests without a page, and those of its own pages', () => {
    expect(isAllowed({ host: '127.0.0.1:8080' })).toBe(true);
    expect(isAllowed({ host: '[::1]:8080' })).toBe(true);
    expect(isAllowed({ host: 'localhost:8080', origin: 'http://localhost:8080' })).toBe(true);
    expect(isAllowed({ host: 'uqo.example', origin: 'https://uqo.example' })).toBe(true);
  });

  test('refuses other pages, opaque ones, and names that only point here', () => {
    expect(isAllowed({ host: 'localhost:8080', origin: 'http://localhost:3000' })).toBe(false);
    expect(isAllowed({ host: 'localhost:8080', origin: 'null' })).toBe(false);
    expect(isAllowed({ host: 'rebound.example', origin: 'http://rebound.example' })).toBe(false);
  });

  test('leaves names alone where the server is meant for others', () => {
    expect(isAllowed({ host: 'any.example' }, false)).toBe(true);
    expect(isAllowed({ host: 'any.example', origin: 'http://other.example' }, false)).toBe(false);
  });
});

test('request ids differ, and sane ones are kept', () => {
  const next = requestIdSource();
  const ids = Array.from({ length: 100 }, () => next({ headers: {} }));
  expect(new Set(ids).size).toBe(100);
  expect(next({ headers: { 'x-request-id': 'a-1.b:c' } })).toBe('a-1.b:c');
  for (const bad of ['', 'a b', 'a\nb', 'x'.repeat(129)]) {
    expect(next({ headers: { 'x-request-id': bad } })).not.toBe(bad);
  }
});

test('named schemas move to the components, examples stay where they are', () => {
  const point = { title: 'Point', type: 'object', properties: { x: { type: 'number' } } };
  const document = {
    info: { title: 'Not a schema' },
    paths: {
      '/a': { schema: point },
      '/b': { schema: { ...point, examples: [{ title: 'T', type: 'x' }] } },
    },
  };
  expect(nameSchemas(document)).toEqual({
    info: { title: 'Not a schema' },
    paths: {
      '/a': { schema: { $ref: '#/components/schemas/Point' } },
      '/b': {
        schema: {
          $ref: '#/components/schemas/Point',
          examples: [{ title: 'T', type: 'x' }],
        },
      },
    },
    components: { schemas: { Point: point } },
  });
});
