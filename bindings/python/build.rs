//! Tells the module what the interpreter is that it is built for: `Py_GIL_DISABLED` where several threads run at once.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
