// Drives a gateway with Replicate's own JavaScript client. Arguments: base URL, token.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import Replicate from "replicate";

const [base, auth] = process.argv.slice(2);
const replicate = new Replicate({ baseUrl: `${base}/v1`, auth });
const model = "darkroom/starter";
const passed = [];

async function rule(name, check) {
  try {
    await check();
    passed.push(name);
  } catch (error) {
    console.error(`${name}: ${error.stack}`);
    process.exitCode = 1;
  }
}

await rule("run answers with files of the image's bytes", async () => {
  const [file] = await replicate.run(model, { input: { prompt: "from node" } });
  const blob = await file.blob();
  const bytes = new Uint8Array(await blob.arrayBuffer());
  assert.deepEqual([...bytes.slice(1, 4)], [0x50, 0x4e, 0x47]);
});

await rule("run polls a prediction that outlasts the wait", async () => {
  const seen = [];
  const output = await replicate.run(
    model,
    { input: { prompt: "slow from node" }, wait: { mode: "block", timeout: 1, interval: 100 } },
    (prediction) => seen.push(prediction.status)
  );
  assert.equal(seen[0], "starting");
  assert.equal(seen.at(-1), "succeeded");
  assert.equal(output.length, 1);
});

await rule("run throws the sentence of a failure", async () => {
  await assert.rejects(replicate.run(model, { input: { prompt: "fail from node" } }), /as it was asked to/);
});

await rule("stream yields logs with progress, files, and done", async () => {
  const names = [];
  let bytes = 0;
  for await (const event of replicate.stream(model, { input: { prompt: "slow stream" } })) {
    names.push(event.event);
    assert.ok(event.id);
    if (event.event === "output") {
      bytes = (await event.data.blob()).size;
    }
  }
  assert.ok(names.includes("logs"), names.join());
  assert.equal(names.at(-1), "done");
  assert.ok(bytes > 0);
});

await rule("cancel ends a prediction", async () => {
  const prediction = await replicate.predictions.create({ model, input: { prompt: "hold from node" } });
  const canceled = await replicate.predictions.cancel(prediction.id);
  const end = await replicate.wait(canceled, { interval: 100 });
  assert.equal(end.status, "canceled");
});

await rule("paginate walks all pages", async () => {
  let count = 0;
  for await (const page of replicate.paginate(replicate.predictions.list)) {
    count += page.length;
    if (count > 150) break;
  }
  assert.ok(count > 0);
});

await rule("files are uploaded, listed, read and deleted", async () => {
  const file = await replicate.files.create(new Blob(["hello"]), { note: "n" });
  assert.equal(file.metadata.note, "n");
  assert.equal(file.size, 5);
  assert.ok((await replicate.files.list()).results.some((f) => f.id === file.id));
  assert.equal((await replicate.files.get(file.id)).name, file.name);
  assert.equal(await replicate.files.delete(file.id), true);
});

await rule("models are listed, searched, made; versions are read", async () => {
  assert.equal((await replicate.models.get("darkroom", "starter")).name, "starter");
  assert.ok((await replicate.models.search("starter")).results.length >= 1);
  const name = `node-${Date.now()}`;
  const made = await replicate.models.create("darkroom", name, { visibility: "private", hardware: "cpu" });
  assert.equal(made.name, name);
  const [version] = (await replicate.models.versions.list("darkroom", "starter")).results;
  const read = await replicate.models.versions.get("darkroom", "starter", version.id);
  assert.ok(read.openapi_schema.components.schemas.Input.properties.prompt);
});

await rule("account and hardware answer", async () => {
  assert.ok((await replicate.accounts.current()).username);
  assert.ok((await replicate.hardware.list()).length > 0);
});

await rule("progress parses from the logs", async () => {
  const prediction = await replicate.predictions.create({ model, input: { prompt: "logged" }, wait: 20 });
  const end = await replicate.wait(prediction, { interval: 100 });
  const { parseProgressFromLogs } = await import("replicate/lib/util.js");
  assert.equal(parseProgressFromLogs(end).percentage, 1);
});

await rule("webhooks validate with the client's own check", async () => {
  const secret = (await replicate.webhooks.default.secret.get()).key;
  const calls = [];
  let arrived;
  const all = new Promise((resolve) => (arrived = resolve));
  const receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      calls.push({ headers: request.headers, body });
      response.end();
      if (JSON.parse(body).status === "succeeded") arrived();
    });
  });
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  await replicate.predictions.create({
    model,
    input: { prompt: "tell node" },
    webhook: `http://127.0.0.1:${receiver.address().port}/hook`,
    webhook_events_filter: ["start", "completed"],
  });
  await all;
  receiver.close();
  for (const { headers, body } of calls) {
    assert.equal(
      await Replicate.validateWebhook({
        id: headers["webhook-id"],
        timestamp: headers["webhook-timestamp"],
        signature: headers["webhook-signature"],
        body,
        secret,
      }),
      true
    );
  }
});

await rule("a wrong token is refused in the API's words", async () => {
  const stranger = new Replicate({ baseUrl: `${base}/v1`, auth: "r8_wrong" });
  await assert.rejects(stranger.predictions.list(), /Unauthenticated/);
});

await rule("the data-uri strategy, which sends the client's own settings, is refused", async () => {
  const broken = new Replicate({ baseUrl: `${base}/v1`, auth, fileEncodingStrategy: "data-uri" });
  await assert.rejects(broken.run(model, { input: { prompt: "x" } }), (error) => {
    assert.match(error.message, /422/);
    assert.ok(!error.message.includes(auth));
    return true;
  });
});

console.log(JSON.stringify(passed));
