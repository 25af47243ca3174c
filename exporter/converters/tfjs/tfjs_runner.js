// Answers batches with a model run by TensorFlow.js under Node.
//
// Arguments: the folder with TensorFlow.js, the path of a model.json. Messages
// both ways are a line of JSON that describes tensors, then their bytes; the
// first answer, to nothing, says that the model was loaded.
'use strict';
const fs = require('fs');
const path = require('path');
const vm = require('vm');

const [runtime, modelFile] = process.argv.slice(2);
const ARRAYS = {float32: Float32Array, int32: Int32Array, bool: Uint8Array};

// Loads a script that was built for pages, handing it what it asks for.
function load(file, known) {
  const name = path.join(runtime, file);
  const names = ['exports', 'require', 'module', '__filename', '__dirname'];
  const body = vm.compileFunction(fs.readFileSync(name, 'utf8'), names, {filename: name});
  const module = {exports: {}};
  body(module.exports, (id) => known[id] ?? require(id), module, name, runtime);
  return module.exports;
}

function read(size) {
  const bytes = Buffer.alloc(size);
  let at = 0;
  while (at < size) {
    const count = fs.readSync(0, bytes, at, size - at, null);
    if (count === 0) return null;
    at += count;
  }
  return bytes;
}

function readLine() {
  const line = [];
  for (let byte = read(1); byte !== null; byte = read(1)) {
    if (byte[0] === 10) return Buffer.concat(line).toString();
    line.push(byte);
  }
  return null;
}

function write(bytes) {
  for (let at = 0; at < bytes.length;) at += fs.writeSync(1, bytes, at);
}

function answer(header, payload = []) {
  write(Buffer.from(`${JSON.stringify(header)}\n`));
  payload.forEach(write);
}

const handler = {
  load: async () => {
    const {modelTopology, weightsManifest, ...rest} = JSON.parse(fs.readFileSync(modelFile));
    const files = weightsManifest.flatMap((group) => group.paths);
    const data = Buffer.concat(
        files.map((file) => fs.readFileSync(path.join(path.dirname(modelFile), file))));
    return {
      ...rest,
      modelTopology,
      weightSpecs: weightsManifest.flatMap((group) => group.weights),
      weightData: data.buffer.slice(data.byteOffset, data.byteOffset + data.length),
    };
  },
};

function readTensors(tf, header) {
  return Object.fromEntries(JSON.parse(header).map(({name, dtype, shape}) => {
    const count = shape.reduce((size, dim) => size * dim, 1);
    const bytes = read(count * ARRAYS[dtype].BYTES_PER_ELEMENT);
    const values = new ARRAYS[dtype](bytes.buffer, bytes.byteOffset, count);
    return [name, tf.tensor(values, shape, dtype)];
  }));
}

async function respond(model, inputs) {
  const names = Object.keys(model.modelSignature.outputs);
  const outputs = [await model.executeAsync(inputs, names)].flat();
  const header = outputs.map(({dtype, shape}, at) => ({name: names[at], dtype, shape}));
  const values = await Promise.all(outputs.map((tensor) => tensor.data()));
  answer({outputs: header}, values.map((v) => Buffer.from(v.buffer, v.byteOffset, v.byteLength)));
  outputs.forEach((tensor) => tensor.dispose());
}

async function main() {
  const tf = load('tf.min.js', {});
  const wasm = load('tf-backend-wasm.min.js', {'@tensorflow/tfjs-core': tf});
  wasm.setWasmPaths(`${runtime}${path.sep}`);
  if (!await tf.setBackend('wasm')) throw new Error('WebAssembly cannot be used');
  const model = await tf.loadGraphModel(handler);
  answer({ready: true});
  for (let line = readLine(); line !== null; line = readLine()) {
    const inputs = readTensors(tf, line);
    try {
      await respond(model, inputs);
    } catch (error) {
      answer({error: error.message});
    }
    tf.dispose(inputs);
  }
}

main().catch((error) => answer({error: error.message}));
