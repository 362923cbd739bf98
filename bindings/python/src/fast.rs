//! All `unsafe` of the module: calls that take their arguments as the interpreter hands them over, without a tuple
//! or dictionary made first, and calls of handlers that survive the end of the interpreter.

#![expect(
    unsafe_code,
    reason = "the C interface is called where PyO3 has no form of its own that is quick enough"
)]

use std::ffi::c_int;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::PyClass;
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::impl_::trampoline::get_trampoline_function;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::bus::Bus;
use crate::emitter::Emitter;
use crate::kinds;
use crate::publish::{self, Manner};
use crate::published::Published;

/// The arguments of one call, as the interpreter hands them over.
pub(crate) struct Args<'a, 'py> {
    py: Python<'py>,
    values: &'a [*mut ffi::PyObject],
    names: Option<Borrowed<'a, 'py, PyTuple>>,
}

impl<'a, 'py> Args<'a, 'py> {
    /// # Safety
    /// They must be those of a call that is under way, whose caller holds them.
    unsafe fn new(
        py: Python<'py>,
        values: *const *mut ffi::PyObject,
        positional: ffi::Py_ssize_t,
        names: *mut ffi::PyObject,
    ) -> Self {
        // SAFETY: the interpreter gives a tuple of str here, or nothing.
        let names =
            unsafe { Borrowed::from_ptr_or_opt(py, names).map(|names| names.cast_unchecked::<PyTuple>()) };
        let count = positional.unsigned_abs() + names.map_or(0, |names| names.len());
        let values = match count {
            0 => &[][..],
            // SAFETY: the array has a place for each positional and each named argument.
            count => unsafe { std::slice::from_raw_parts(values, count) },
        };
        Self { py, values, names }
    }

    fn positional_count(&self) -> usize {
        self.values.len() - self.names.map_or(0, |names| names.len())
    }

    pub(crate) fn py(&self) -> Python<'py> {
        self.py
    }

    /// Positional arguments.
    pub(crate) fn positional(&self) -> impl ExactSizeIterator<Item = Borrowed<'a, 'py, PyAny>> {
        let positional = self.positional_count();
        self.values.iter().take(positional).map(|value| self.borrowed(*value))
    }

    /// Named arguments.
    pub(crate) fn named(&self) -> impl Iterator<Item = (Borrowed<'_, 'py, PyAny>, Borrowed<'_, 'py, PyAny>)> {
        let names = self.names.as_ref().into_iter().flat_map(|names| names.iter_borrowed());
        names.zip(self.values.iter().skip(self.positional_count()).map(|value| self.borrowed(*value)))
    }

    pub(crate) fn has_names(&self) -> bool {
        self.names.is_some_and(|names| !names.is_empty())
    }

    fn borrowed(&self, value: *mut ffi::PyObject) -> Borrowed<'a, 'py, PyAny> {
        // SAFETY: the caller holds it while the call is under way, which is as long as these arguments live.
        unsafe { Borrowed::from_ptr(self.py, value) }
    }
}

type Method = for<'a, 'py> fn(Borrowed<'a, 'py, PyAny>, &Args<'a, 'py>) -> PyResult<Py<PyAny>>;

/// Calls a method; a panic is an error.
///
/// # Safety
/// To be called by the interpreter, as a method of the class that `method` expects.
unsafe fn call<'py>(
    py: Python<'py>,
    method: Method,
    slf: *mut ffi::PyObject,
    values: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
) -> PyResult<*mut ffi::PyObject> {
    // SAFETY: the interpreter calls, and holds what it hands over.
    let (slf, args) = unsafe { (Borrowed::from_ptr(py, slf), Args::new(py, values, positional, names)) };
    let result = catch_unwind(AssertUnwindSafe(|| method(slf, &args)))
        .unwrap_or_else(|_| Err(PyRuntimeError::new_err("native code of newswire panicked")));
    result.map(Py::into_ptr)
}

/// What a call says that names a kind which nobody wants; `None` where more is to be looked at.
///
/// # Safety
/// As [`call`]; `slf` is a [`Bus`].
unsafe fn unwanted(
    slf: *mut ffi::PyObject,
    values: *const *mut ffi::PyObject,
    positional: ffi::Py_ssize_t,
) -> Option<*mut ffi::PyObject> {
    if positional != 1 {
        return None;
    }
    // SAFETY: there is one positional argument; the interpreter has looked at the class of `slf`.
    unsafe {
        let slot = kinds::slot_at(*values as usize)?;
        let py = Python::assume_attached();
        let bus = Borrowed::from_ptr(py, slf).cast_unchecked::<Bus>();
        if bus.get().wants_slot(slot) {
            return None;
        }
        let nobody = Published::nobody(py).ok()?.as_ptr();
        ffi::Py_INCREF(nobody);
        Some(nobody)
    }
}

macro_rules! method {
    ($name:ident, $class:ty, $quick:expr, $method:expr) => {
        unsafe extern "C" fn $name(
            slf: *mut ffi::PyObject,
            values: *const *mut ffi::PyObject,
            positional: ffi::Py_ssize_t,
            names: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            unsafe fn whole<'py>(
                py: Python<'py>,
                slf: *mut ffi::PyObject,
                values: *const *mut ffi::PyObject,
                positional: ffi::Py_ssize_t,
                names: *mut ffi::PyObject,
            ) -> PyResult<*mut ffi::PyObject> {
                // SAFETY: as below.
                unsafe {
                    call(
                        py,
                        |slf, args| $method(slf.cast_unchecked::<$class>(), args),
                        slf,
                        values,
                        positional,
                        names,
                    )
                }
            }
            let quick: unsafe fn(_, _, _) -> Option<*mut ffi::PyObject> = $quick;
            // What PyO3's own methods go through knows that the thread is in the interpreter; attaching asks it. PyO3
            // has it hidden: a version without it doesn't compile here.
            let trampoline = get_trampoline_function!(fastcall_cfunction_with_keywords, whole);
            // SAFETY: the interpreter calls, and has looked at the class of `slf`.
            unsafe {
                match quick(slf, values, positional) {
                    Some(result) => result,
                    None => trampoline(slf, values, positional, names),
                }
            }
        }
    };
}

unsafe fn never(_: *mut ffi::PyObject, _: *const *mut ffi::PyObject, _: isize) -> Option<*mut ffi::PyObject> {
    None
}

method!(bus_publish, Bus, unwanted, |bus, args| publish::publish(bus, args, Manner::Wait));
method!(bus_try_publish, Bus, unwanted, |bus, args| publish::publish(bus, args, Manner::AllOrNothing));
method!(bus_publish_durable, Bus, never, publish::durable);
method!(bus_publishing, Bus, never, publish::publishing);
method!(emitter_emit, Emitter, never, crate::emitter::emit);

/// Gives the classes those of their methods that take arguments as they come.
pub(crate) fn add_methods(py: Python<'_>) -> PyResult<()> {
    type Function = unsafe extern "C" fn(
        *mut ffi::PyObject,
        *const *mut ffi::PyObject,
        ffi::Py_ssize_t,
        *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
    const FLAGS: c_int = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;
    let methods: [(Bound<'_, pyo3::types::PyType>, Function, &'static std::ffi::CStr, &'static std::ffi::CStr); 5] = [
        (py.get_type::<Bus>(), bus_publish, c"publish", c"publish($self, what, /, **payload)\n--\n\n"),
        (py.get_type::<Bus>(), bus_try_publish, c"try_publish", c"try_publish($self, what, /, **payload)\n--\n\n"),
        (py.get_type::<Bus>(), bus_publish_durable, c"publish_durable", c"publish_durable($self, what, /, **payload)\n--\n\n"),
        (py.get_type::<Bus>(), bus_publishing, c"publishing", c"publishing($self, what, /, **payload)\n--\n\n"),
        (
            py.get_type::<Emitter>(),
            emitter_emit,
            c"emit",
            c"emit($self, kind, payload=None, /, *, label=None, message=None, span=None, parent=None, **fields)\n--\n\n",
        ),
    ];
    for (class, function, name, doc) in methods {
        // The interpreter keeps a pointer to it for as long as the class lives, which is for ever.
        let definition = Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: name.as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: function },
            ml_flags: FLAGS,
            ml_doc: doc.as_ptr(),
        }));
        // SAFETY: the class and the definition are whole, and the flags are those of the function's signature.
        let method = unsafe {
            let method = ffi::PyDescr_NewMethod(class.as_type_ptr(), definition);
            Bound::from_owned_ptr_or_err(py, method)?
        };
        class.setattr(PyString::intern(py, &name.to_string_lossy()), method)?;
    }
    Ok(())
}

// Before 3.14 a thread that wants the interpreter while that ends is ended by unwinding, from inside the call.
unsafe extern "C-unwind" {
    fn PyObject_CallFunctionObjArgs(callable: *mut ffi::PyObject, ...) -> *mut ffi::PyObject;
}

/// Calls a handler. Where the interpreter ends meanwhile, the thread stays here for ever instead of being unwound.
pub(crate) fn call_one<'py>(
    callable: &Bound<'py, PyAny>,
    argument: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    struct Stay;
    impl Drop for Stay {
        fn drop(&mut self) {
            loop {
                std::thread::park();
            }
        }
    }
    let stay = Stay;
    // SAFETY: both are objects that are held, and the list of arguments ends with null.
    let result = unsafe {
        PyObject_CallFunctionObjArgs(callable.as_ptr(), argument.as_ptr(), ptr::null_mut::<ffi::PyObject>())
    };
    std::mem::forget(stay);
    // SAFETY: the call gave a new reference, or null and an error.
    unsafe { Bound::from_owned_ptr_or_err(callable.py(), result) }
}

/// The object of a class that was made last, to be used again where nobody else has it.
pub(crate) struct Last<T>(AtomicPtr<ffi::PyObject>, PhantomData<fn() -> T>);

impl<T: PyClass> Last<T> {
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()), PhantomData)
    }

    /// An object that nobody else has: the last one, or else a new one.
    pub(crate) fn get<'py>(
        &self,
        py: Python<'py>,
        make: impl FnOnce() -> PyResult<Bound<'py, T>>,
    ) -> PyResult<Bound<'py, T>> {
        if cfg!(Py_GIL_DISABLED) {
            // Between counting references and taking one, others could as well.
            return make();
        }
        let last = self.0.load(Ordering::Relaxed);
        // SAFETY: this place holds a reference to an object of the class. Only threads that are in the interpreter
        // change it or count references, which is one at a time; so a count of one is this place's.
        unsafe {
            if !last.is_null() && ffi::Py_REFCNT(last) == 1 {
                return Ok(Borrowed::from_ptr(py, last).cast_unchecked::<T>().to_owned());
            }
        }
        let made = make()?;
        let before = self.0.swap(made.clone().into_ptr(), Ordering::Relaxed);
        // SAFETY: the reference was this place's.
        drop(unsafe { Bound::from_owned_ptr_or_opt(py, before) });
        Ok(made)
    }
}

/// What stands behind `place`, made when first asked for, and never freed.
pub(crate) fn lasting<T: Default>(place: &'static AtomicPtr<T>) -> &'static T {
    let mut found = place.load(Ordering::Acquire);
    if found.is_null() {
        let made = Box::into_raw(Box::<T>::default());
        match place.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => found = made,
            Err(other) => {
                // SAFETY: nobody else has seen it.
                drop(unsafe { Box::from_raw(made) });
                found = other;
            }
        }
    }
    // SAFETY: it came from a box that is never freed.
    unsafe { &*found }
}

/// The mask of a bus's interest, for `memoryview`.
#[pyclass(frozen, module = "newswire._native")]
pub(crate) struct Interest(Py<Bus>);

impl Interest {
    pub(crate) fn new(bus: Py<Bus>) -> Self {
        Self(bus)
    }
}

#[pymethods]
impl Interest {
    /// # Safety
    /// To be called by the interpreter.
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let py = slf.py();
        let words = slf.get().0.get().open(py)?.interest_mask();
        let bytes = ptr::from_ref(words).cast_mut().cast();
        let length = size_of_val(words).cast_signed();
        // SAFETY: the mask stays where it is while there is the bus, which this object holds, and the view holds
        // this object; nobody writes through the view, since it is read-only.
        match unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), bytes, length, 1, flags) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(py)),
        }
    }
}
