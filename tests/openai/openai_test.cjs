// What the npm package openai makes of kraft serve:  node openai_test.cjs ADDRESS KEY
'use strict';

const assert = require('node:assert/strict');
const OpenAI = require('openai');

const [address, key] = process.argv.slice(2);
const text = 'she sells sea shells by the sea shore; the shells she sells are sea shells, ';

function client(apiKey) {
  return new OpenAI({ baseURL: `${address}/v1`, apiKey, maxRetries: 0 });
}

async function listsModels(openai) {
  const ids = [];
  for await (const model of openai.models.list()) ids.push(model.id);
  assert.deepEqual(ids, ['gzip:9', 'ppmd:8']);
  assert.equal((await openai.models.retrieve('gzip:9')).owned_by, 'kraft');
}

async function completes(openai) {
  const request = { model: 'gzip:9', prompt: text, max_tokens: 24, n: 2, seed: 7, temperature: 0.5 };
  const first = await openai.completions.create(request);
  const again = await openai.completions.create(request);
  assert.equal(first.object, 'text_completion');
  assert.equal(first.choices.length, 2);
  assert.deepEqual(first.choices, again.choices);  // the seed says what is drawn
  assert.equal(first.choices[0].text.length, 24);
  assert.equal(first.choices[0].finish_reason, 'length');
  assert.deepEqual(first.usage, {
    prompt_tokens: text.length, completion_tokens: 48, total_tokens: text.length + 48,
  });
}

async function streams(openai) {
  const request = { model: 'ppmd', prompt: text, max_tokens: 40, seed: 3, stop: ['zebra'] };
  const whole = await openai.completions.create(request);
  let streamed = '', reason = null, usage = null;
  for await (const chunk of await openai.completions.create(
      { ...request, stream: true, stream_options: { include_usage: true } })) {
    for (const choice of chunk.choices) {
      streamed += choice.text;
      reason = choice.finish_reason ?? reason;
    }
    usage = chunk.usage ?? usage;
  }
  assert.equal(streamed, whole.choices[0].text);
  assert.equal(reason, 'length');
  assert.deepEqual(usage, whole.usage);
}

// lm-evaluation-harness sends this, and sums what follows the context.
async function pricesPrompts(openai) {
  const { choices: [choice] } = await openai.completions.create(
      { model: 'ppmd', prompt: text, max_tokens: 1, temperature: 0, logprobs: 1, echo: true, seed: 1 });
  const { tokens, token_logprobs: logprobs, top_logprobs: top, text_offset: offsets } = choice.logprobs;
  assert.equal(tokens.length, text.length + 1);
  assert.equal(tokens.slice(0, -1).join(''), text);
  assert.ok(choice.text.startsWith(text));
  assert.ok(logprobs.every((logprob) => logprob <= 0));
  assert.ok(top.every((one, i) => one[tokens[i]] === logprobs[i]));
  assert.deepEqual(offsets, [...offsets.keys()]);
}

async function fails(openai) {
  await assert.rejects(openai.completions.create({ model: 'cmd:id', prompt: 'a' }),
      (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found');
  await assert.rejects(openai.completions.create({ model: 'ppmd', prompt: 'a', max_tokens: -1 }),
      (error) => error instanceof OpenAI.BadRequestError && error.param === 'max_tokens');
  await assert.rejects(client('wrong').models.list(),
      (error) => error instanceof OpenAI.AuthenticationError);
}

// A client that leaves is not waited for.
async function aborts(openai) {
  const stream = await openai.completions.create(
      { model: 'gzip:9', prompt: text, max_tokens: 1 << 20, stream: true });
  for await (const chunk of stream) {
    assert.equal(chunk.object, 'text_completion');
    break;
  }
  stream.controller.abort();
  for (;;) {
    const { running } = await (await fetch(`${address}/health`)).json();
    if (running === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

(async () => {
  const openai = client(key);
  for (const test of [listsModels, completes, streams, pricesPrompts, fails, aborts]) {
    await test(openai);
    console.log(`ok ${test.name}`);
  }
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
