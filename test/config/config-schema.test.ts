import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/config-schema.ts';

describe('configJsonSchema', () => {
  const schema = configJsonSchema() as { required: string[]; additionalProperties: boolean; properties: Record<string, { default?: unknown }> };

  it('asks only for what has no default, and allows no other keys', () => {
    expect(schema.required).toEqual(['services', 'repositories']);
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toEqual(['services', 'repositories', 'approval', 'backup', 'reports', 'host', 'queuePrefix']);
  });

  it('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
  });
});
