"""A framework of Python in a process of its own, timed in turns with the others.

Reads one JSON command a line from stdin and answers each with one JSON line on stdout. Arrays come and go as files of
raw numbers. Every task prepares a function that computes once, and one that gives the answer as arrays by name.
"""

import json
import os
import sys
import time

THREADS = 1
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["OMP_NUM_THREADS"] = str(THREADS)

# Libraries print what they like; answers have a stream of their own.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def reply(answer):
    print(json.dumps(answer), file=answers, flush=True)


try:
    import numpy as np
except ImportError as error:
    reply({"error": f"is not there: {error}"})
    sys.exit(1)


def torch_tasks():
    import torch
    import torch.nn.functional as F

    torch.set_num_threads(THREADS)
    torch.set_num_interop_threads(THREADS)

    def loss(task, arrays):
        shape = (task["rows"], task["classes"])
        z = torch.from_numpy(arrays["logits"].reshape(shape))
        by_labels = task["target"] == "labels"
        target = torch.from_numpy(arrays["labels"].astype(np.int64) if by_labels else arrays["dense"].reshape(shape))
        if not task["gradient"]:

            def forward():
                with torch.no_grad():
                    return F.cross_entropy(z, target)

            return forward, lambda: {"loss": forward()}
        z.requires_grad_()

        def run():
            z.grad = None
            value = F.cross_entropy(z, target)
            value.backward()
            return value

        def read():
            value = run()
            return {"loss": value.detach(), "gradient": z.grad}

        return run, read

    def product(task, arrays):
        a = torch.from_numpy(arrays["a"].reshape(task["m"], task["k"]))
        b = torch.from_numpy(arrays["b"].reshape(task["k"], task["n"]))
        return lambda: torch.mm(a, b), lambda: {"c": torch.mm(a, b)}

    def linear_loss(task, arrays):
        rows, inputs, classes = task["rows"], task["inputs"], task["classes"]
        x = torch.from_numpy(arrays["x"].reshape(rows, inputs)).requires_grad_()
        w = torch.from_numpy(arrays["w"].reshape(inputs, classes)).requires_grad_()
        b = torch.from_numpy(arrays["b"]).requires_grad_()
        labels = torch.from_numpy(arrays["labels"].astype(np.int64))

        def run():
            x.grad = w.grad = b.grad = None
            value = F.cross_entropy(torch.addmm(b, x, w), labels)
            value.backward()
            return value

        def read():
            value = run()
            return {"loss": value.detach(), "dx": x.grad, "dw": w.grad, "db": b.grad}

        return run, read

    def training(task, arrays):
        inputs, units, classes = task["inputs"], task["units"], task["classes"]
        size, steps = task["batch"], task["steps"]
        pixels = torch.from_numpy(arrays["pixels"].reshape(steps, size, inputs))
        labels = torch.from_numpy(arrays["labels"].astype(np.int64).reshape(steps, size))

        def trainer(rate):
            model = torch.nn.Sequential(
                torch.nn.Linear(inputs, units), torch.nn.ReLU(), torch.nn.Linear(units, classes)
            )
            with torch.no_grad():
                for layer, name in ((model[0], "1"), (model[2], "2")):
                    layer.weight.copy_(torch.from_numpy(arrays["w" + name].reshape(-1, len(arrays["b" + name])).T))
                    layer.bias.copy_(torch.from_numpy(arrays["b" + name]))
            betas = (task["beta1"], task["beta2"])
            optimizer = torch.optim.Adam(model.parameters(), lr=rate, betas=betas, eps=task["epsilon"], fused=True)

            def epoch():
                for x, y in zip(pixels, labels):
                    optimizer.zero_grad(set_to_none=True)
                    F.cross_entropy(model(x), y).backward()
                    optimizer.step()

            return model, epoch

        _, run = trainer(task["timedRate"])

        def read():
            model, epoch = trainer(task["rate"])
            epoch()
            with torch.no_grad():
                return {"loss": F.cross_entropy(model(pixels[0]), labels[0])}

        return run, read

    tasks = {"loss": loss, "product": product, "linear": linear_loss, "training": training}
    return f"{torch.__version__}, native code", tasks


def tensorflow_tasks():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    tf.config.set_visible_devices([], "GPU")

    def loss(task, arrays):
        shape = (task["rows"], task["classes"])
        z = tf.constant(arrays["logits"].reshape(shape))
        if task["target"] == "labels":
            target, of_rows = tf.constant(arrays["labels"]), tf.nn.sparse_softmax_cross_entropy_with_logits
        else:
            target, of_rows = tf.constant(arrays["dense"].reshape(shape)), tf.nn.softmax_cross_entropy_with_logits

        @tf.function
        def forward(z, target):
            return tf.reduce_mean(of_rows(labels=target, logits=z))

        @tf.function
        def both(z, target):
            with tf.GradientTape() as tape:
                tape.watch(z)
                value = tf.reduce_mean(of_rows(labels=target, logits=z))
            return value, tape.gradient(value, z)

        if not task["gradient"]:
            return lambda: forward(z, target), lambda: {"loss": forward(z, target)}
        return lambda: both(z, target), lambda: dict(zip(("loss", "gradient"), both(z, target)))

    def product(task, arrays):
        a = tf.constant(arrays["a"].reshape(task["m"], task["k"]))
        b = tf.constant(arrays["b"].reshape(task["k"], task["n"]))
        return lambda: tf.linalg.matmul(a, b), lambda: {"c": tf.linalg.matmul(a, b)}

    def linear_loss(task, arrays):
        rows, inputs, classes = task["rows"], task["inputs"], task["classes"]
        x = tf.constant(arrays["x"].reshape(rows, inputs))
        w = tf.constant(arrays["w"].reshape(inputs, classes))
        b = tf.constant(arrays["b"])
        labels = tf.constant(arrays["labels"])

        @tf.function
        def both(x, w, b):
            with tf.GradientTape() as tape:
                tape.watch((x, w, b))
                of_rows = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=tf.linalg.matmul(x, w) + b)
                value = tf.reduce_mean(of_rows)
            return (value, *tape.gradient(value, (x, w, b)))

        return lambda: both(x, w, b), lambda: dict(zip(("loss", "dx", "dw", "db"), both(x, w, b)))

    def training(task, arrays):
        inputs, units, classes = task["inputs"], task["units"], task["classes"]
        size, steps = task["batch"], task["steps"]
        pixels = [tf.constant(x) for x in arrays["pixels"].reshape(steps, size, inputs)]
        labels = [tf.constant(y) for y in arrays["labels"].reshape(steps, size)]
        shapes = {"w1": (inputs, units), "b1": (units,), "w2": (units, classes), "b2": (classes,)}

        def trainer(rate):
            parameters = [tf.Variable(arrays[name].reshape(shape)) for name, shape in shapes.items()]
            w1, b1, w2, b2 = parameters
            optimizer = tf.keras.optimizers.Adam(
                rate, beta_1=task["beta1"], beta_2=task["beta2"], epsilon=task["epsilon"]
            )
            optimizer.build(parameters)

            def loss_of(x, y):
                logits = tf.nn.relu(x @ w1 + b1) @ w2 + b2
                return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))

            @tf.function
            def step(x, y):
                with tf.GradientTape() as tape:
                    value = loss_of(x, y)
                optimizer.apply_gradients(zip(tape.gradient(value, parameters), parameters))

            def epoch():
                for x, y in zip(pixels, labels):
                    step(x, y)

            return loss_of, epoch

        _, run = trainer(task["timedRate"])

        def read():
            loss_of, epoch = trainer(task["rate"])
            epoch()
            return {"loss": loss_of(pixels[0], labels[0])}

        return run, read

    tasks = {"loss": loss, "product": product, "linear": linear_loss, "training": training}
    return f"{tf.__version__}, native code", tasks


def setup(tasks, command):
    arrays = {name: np.fromfile(file, dtype) for name, (file, dtype) in command["arrays"].items()}
    return tasks[command["task"]](command["numbers"], arrays)


def sample(run, calls):
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) * 1000 / calls


def written(answer, folder):
    files = {}
    for name, value in answer.items():
        files[name] = os.path.join(folder, name)
        np.ascontiguousarray(value.numpy(), np.float32).tofile(files[name])
    return files


def serve(framework):
    about, tasks = {"torch": torch_tasks, "tensorflow": tensorflow_tasks}[framework]()
    run = read = None
    yield {"about": about, "threads": THREADS}
    for line in sys.stdin:
        command = json.loads(line)
        try:
            if command["do"] == "setup":
                run, read = setup(tasks, command)
                yield {}
            elif command["do"] == "sample":
                yield {"ms": sample(run, command["calls"])}
            elif command["do"] == "read":
                yield {"files": written(read(), command["folder"])}
            elif command["do"] == "dispose":
                run = read = None
                yield {}
        except Exception as error:  # whatever it is, the other side says it in its report
            yield {"error": f"{type(error).__name__}: {error}"}


try:
    for answer in serve(sys.argv[1]):
        reply(answer)
except ImportError as error:
    reply({"error": f"is not there: {error}"})
