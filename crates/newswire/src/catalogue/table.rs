//! The macros that make everything of a row from one place.
//!
//! `rows!` turns the lines of the table into the rows themselves, their payload types and the emitter's
//! methods. `lifecycle!` writes the five rows of a lifecycle, which share their identity, and what its
//! guard needs. Adding a kind is adding a line; CONTRIBUTING.md has the recipe.
//!
//! What isn't generic here is `#[inline]`, so that a program compiles it for the payloads that it uses, and
//! the core for none.

/// Rows of one component. Fields in parentheses are the arguments of `new` and of the emitter's method,
/// those in braces are optional and set by name.
macro_rules! rows {
    ($table:ident: $component:expr; $(
        $kind:literal $payload:ident $(=> $method:ident)? $severity:ident $merge:expr, $docs:expr,
        $(otel $otel:ident($otel_text:literal), agui $agui:ident($agui_text:literal),)? $(of $life:ident,)?
        ($($arg:ident: $arg_type:ident $(<$arg_type_of:ident>)? = $arg_class:ident $($arg_otel:literal)? => $arg_docs:literal;)*)
        {$($field:ident: $type:ident $(<$type_of:ident>)? = $class:ident $($field_otel:literal)? => $field_docs:literal;)*}
    )+) => {
        pub(super) const $table: &[$crate::catalogue::row::Entry] = &[$($crate::catalogue::row::Entry {
            kind: $kind,
            component: $component,
            phase: $crate::catalogue::row::phase_in($kind),
            severity: $crate::Severity::$severity,
            merge: const {
                const MERGE: $crate::catalogue::Merge = $merge;
                if matches!(MERGE, $crate::catalogue::Merge::Never) { None } else { Some(&MERGE) }
            },
            text: $crate::catalogue::table::text! {
                $(single $docs, $otel($otel_text), $agui($agui_text);)? $(life $life;)?
                $($arg: $arg_type $(<$arg_type_of>)? = $arg_class $($arg_otel)? => $arg_docs;)*
                $($field: $type $(<$type_of>)? = $class $($field_otel)? => $field_docs;)*
            },
        }),+];
        $(
            #[doc = concat!($docs, "\n\nThe payload of `", $kind, "`.")]
            #[derive(Clone)]
            pub struct $payload {
                $(#[doc = $arg_docs]
                pub $arg: $arg_type $(<$arg_type_of>)?,)*
                $(#[doc = $field_docs]
                pub $field: $type $(<$type_of>)?,)*
            }

            $crate::catalogue::fields::fields! {
                $payload: $($arg stringify!($arg);)* $($field stringify!($field);)*
            }

            impl $payload {
                /// The number of its row.
                pub(in $crate::catalogue) const ROW: u16 = $crate::catalogue::position_of($table, $kind);

                /// A payload with these fields, the others absent.
                pub fn new($($arg: impl $crate::catalogue::IntoField<$arg_type $(<$arg_type_of>)?>),*) -> Self {
                    Self {
                        $($arg: $crate::catalogue::IntoField::into_field($arg),)*
                        $($field: ::core::default::Default::default(),)*
                    }
                }
            }

            impl $crate::catalogue::Catalogued for $payload {
                const KIND: $crate::Kind = $crate::Kind::of_row(Self::ROW);
            }

            impl $crate::Payload for $payload {
                #[inline]
                fn kind(&self) -> $crate::Kind {
                    <Self as $crate::catalogue::Catalogued>::KIND
                }

                #[inline]
                fn only_kind() -> Option<$crate::Kind> {
                    Some(<Self as $crate::catalogue::Catalogued>::KIND)
                }

                #[inline]
                fn size_bound(&self) -> usize {
                    2 $(+ $crate::catalogue::value::member_bound(stringify!($arg), &self.$arg))*
                        $(+ $crate::catalogue::value::member_bound(stringify!($field), &self.$field))*
                }

                #[inline]
                fn label(&self) -> Option<&str> {
                    $crate::catalogue::table::label!(self $($arg)*)
                }
            }

            $crate::catalogue::table::method! { [$($method)?] $payload $kind $docs, ($($arg: $arg_type $(<$arg_type_of>)?),*) }
        )+
    };
}

/// What a payload is called: its first argument, where that is text.
macro_rules! label {
    ($payload:ident) => {
        None
    };
    ($payload:ident $first:ident $($others:ident)*) => {
        $crate::catalogue::FieldValue::as_text(&$payload.$first)
    };
}

/// What [`Entry::text`](super::row::Entry) holds: a row's own text, or that of its lifecycle.
macro_rules! text {
    (single $docs:expr, $otel:ident($otel_text:literal), $agui:ident($agui_text:literal); $($fields:tt)*) => {
        concat!(
            $docs, "\n", stringify!($otel), "\t", $otel_text, "\n", stringify!($agui), "\t", $agui_text, "\n",
            $crate::catalogue::table::lines!($($fields)*)
        )
    };
    (life $life:ident; $($fields:tt)*) => {
        $life::TEXT
    };
}

/// What stands for a type or class in the text, `?` for what is optional.
macro_rules! code {
    (Option $type:ident) => {
        concat!("?", $crate::catalogue::table::code!($type))
    };
    (Text) => {
        "t"
    };
    (Json) => {
        "j"
    };
    (u64) => {
        "u"
    };
    (f64) => {
        "f"
    };
    (bool) => {
        "b"
    };
    (Usage) => {
        "g"
    };
    (Failure) => {
        "x"
    };
    (Media) => {
        "m"
    };
    (Content) => {
        "C"
    };
    (Id) => {
        "I"
    };
    (Measure) => {
        "Q"
    };
    (Meta) => {
        "M"
    };
}

/// Fields as lines, each begun by its line break.
macro_rules! lines {
    ($($field:ident: $type:ident $(<$type_of:ident>)? = $class:ident $($otel:literal)? => $docs:literal;)*) => {
        concat!($(
            "\n", stringify!($field), "\t", $crate::catalogue::table::code!($type $($type_of)?), $crate::catalogue::table::code!($class), $($otel,)? "\t", $docs
        ),*)
    };
}

/// The emitter's method of a row that names one; the others are emitted by `emit`.
macro_rules! method {
    ([] $($rest:tt)*) => {};
    ([$method:ident] $payload:ident $kind:literal $docs:expr, ($($arg:ident: $arg_type:ident $(<$arg_type_of:ident>)?),*)) => {
        impl $crate::Emitter {
            #[doc = concat!($docs, "\n\nEmits `", $kind, "`.\n\n# Errors\nAs [`Emitter::emit`](crate::Emitter::emit).")]
            #[inline]
            pub fn $method(
                &self,
                $($arg: impl $crate::catalogue::IntoField<$arg_type $(<$arg_type_of>)?>),*
            ) -> $crate::Result<$crate::Published> {
                self.emit_made(|| $payload::new($($arg),*))
            }
        }
    };
}

/// The five rows of a lifecycle, what its events have in common, and the emitter's methods that open it: without
/// and with further fields of the started payload.
///
/// All five payloads begin with the fields of `identity`; duration, error, reason and progress are the
/// same everywhere. `outcome` names the field of the completed payload that `Guard::complete` sets.
macro_rules! lifecycle {
    ($life:ident $open:ident $open_with:ident $table:ident $scope:ident $what:literal, otel $otel:ident($otel_text:literal),
        identity ($($id:ident: $id_type:ident $(<$id_type_of:ident>)? = $id_class:ident $($id_otel:literal)? => $id_docs:literal;)*)
        started $s_kind:literal $Started:ident $(=> $s_method:ident)? agui $s_agui:ident($s_agui_text:literal),
            ($($arg:ident: $arg_type:ident $(<$arg_type_of:ident>)? = $arg_class:ident $($arg_otel:literal)? => $arg_docs:literal;)*)
            {$($s_rest:tt)*}
        progress $p_kind:literal $Progress:ident $(=> $p_method:ident)? agui $p_agui:ident($p_agui_text:literal),
        completed $c_kind:literal $Completed:ident $(=> $c_method:ident)? agui $c_agui:ident($c_agui_text:literal),
            outcome $outcome:ident: $outcome_type:ident $(<$outcome_type_of:ident>)? = $o_class:ident $($o_otel:literal)? => $o_docs:literal;
            {$($c_rest:tt)*}
        failed $f_kind:literal $Failed:ident $(=> $f_method:ident)? agui $f_agui:ident($f_agui_text:literal), {$($f_rest:tt)*}
        canceled $x_kind:literal $Canceled:ident $(=> $x_method:ident)? agui $x_agui:ident($x_agui_text:literal), $({$($x_rest:tt)*})?
    ) => {
        $crate::catalogue::table::rows! { $table: Some($crate::ComponentScope::$scope);
            $s_kind $Started $(=> $s_method)? Info $crate::catalogue::Merge::Never, concat!($what, " has begun."),
            of $life,
            ($($id: $id_type $(<$id_type_of>)? = $id_class $($id_otel)? => $id_docs;)*
             $($arg: $arg_type $(<$arg_type_of>)? = $arg_class $($arg_otel)? => $arg_docs;)*)
            {$($s_rest)*}

            $p_kind $Progress $(=> $p_method)? Debug $crate::catalogue::Merge::LastWins, concat!($what, " is under way."),
            of $life,
            ($($id: $id_type $(<$id_type_of>)? = $id_class $($id_otel)? => $id_docs;)*
             message: Option<Text> = Content => "How far it has come, for people.";)
            {current: Option<u64> = Measure => "How much is done, in units of its own.";
             total: Option<u64> = Measure => "How much there is to do, in the same units.";
             data: Option<Json> = Content => "Anything else that tells how far it has come.";}

            $c_kind $Completed $(=> $c_method)? Info $crate::catalogue::Merge::Never, concat!($what, " has ended without error."),
            of $life,
            ($($id: $id_type $(<$id_type_of>)? = $id_class $($id_otel)? => $id_docs;)*
             $outcome: $outcome_type $(<$outcome_type_of>)? = $o_class $($o_otel)? => $o_docs;
             duration_ns: Option<u64> = Measure => "How long it took.";)
            {$($c_rest)*}

            $f_kind $Failed $(=> $f_method)? Error $crate::catalogue::Merge::Never, concat!($what, " has errored."),
            of $life,
            ($($id: $id_type $(<$id_type_of>)? = $id_class $($id_otel)? => $id_docs;)*
             error: Failure = Content "error.type" => "What went wrong.";
             duration_ns: Option<u64> = Measure => "How long it took.";)
            {$($f_rest)*}

            $x_kind $Canceled $(=> $x_method)? Warn $crate::catalogue::Merge::Never, concat!($what, " was refused, skipped or stopped."),
            of $life,
            ($($id: $id_type $(<$id_type_of>)? = $id_class $($id_otel)? => $id_docs;)*
             reason: Option<Text> = Meta => "Why.";
             duration_ns: Option<u64> = Measure => "How long it took.";)
            {$($($x_rest)*)?}
        }

        impl $life {
            /// All that its five rows say and don't share with every lifecycle.
            const TEXT: &str = concat!(
                $what, "\n", stringify!($otel), "\t", $otel_text,
                "\n", stringify!($s_agui), "\t", $s_agui_text, "\n", stringify!($p_agui), "\t", $p_agui_text,
                "\n", stringify!($c_agui), "\t", $c_agui_text, "\n", stringify!($f_agui), "\t", $f_agui_text,
                "\n", stringify!($x_agui), "\t", $x_agui_text, "\n",
                $crate::catalogue::table::lines!($($id: $id_type $(<$id_type_of>)? = $id_class $($id_otel)? => $id_docs;)*), "\n",
                $crate::catalogue::table::lines! {
                    $($arg: $arg_type $(<$arg_type_of>)? = $arg_class $($arg_otel)? => $arg_docs;)* $($s_rest)*
                }, "\n",
                $crate::catalogue::table::lines! {
                    $outcome: $outcome_type $(<$outcome_type_of>)? = $o_class $($o_otel)? => $o_docs; $($c_rest)*
                }, "\n",
                $crate::catalogue::table::lines!($($f_rest)*), "\n",
                $crate::catalogue::table::lines!($($($x_rest)*)?)
            );
        }

        #[doc = concat!($what, ": what all events of one have in common.")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $life {
            $(#[doc = $id_docs]
            pub $id: $id_type $(<$id_type_of>)?,)*
        }

        impl $crate::catalogue::Lifecycle for $life {
            const COMPONENT: $crate::ComponentScope = $crate::ComponentScope::$scope;
            type Outcome = $outcome_type $(<$outcome_type_of>)?;
            type Progress = $Progress;
            type Completed = $Completed;
            type Failed = $Failed;
            type Canceled = $Canceled;

            #[inline]
            fn progress(&self, message: Option<Text>) -> $Progress {
                $Progress::new($(self.$id.clone(),)* message)
            }

            #[inline]
            fn completed(&self, outcome: $outcome_type $(<$outcome_type_of>)?, duration_ns: Option<u64>) -> $Completed {
                $Completed::new($(self.$id.clone(),)* outcome, duration_ns)
            }

            #[inline]
            fn failed(&self, error: Failure, duration_ns: Option<u64>) -> $Failed {
                $Failed::new($(self.$id.clone(),)* error, duration_ns)
            }

            #[inline]
            fn canceled(&self, reason: Text, duration_ns: Option<u64>) -> $Canceled {
                $Canceled::new($(self.$id.clone(),)* reason, duration_ns)
            }
        }

        impl $crate::Emitter {
            #[doc = concat!($what, ", emitted as `", $s_kind, "` now and once more when the guard ends.")]
            pub fn $open(
                &self,
                $($id: impl $crate::catalogue::IntoField<$id_type $(<$id_type_of>)?>,)*
                $($arg: impl $crate::catalogue::IntoField<$arg_type $(<$arg_type_of>)?>),*
            ) -> $crate::Guard<$life> {
                self.$open_with($($id,)* $($arg,)* |_| {})
            }

            #[doc = concat!($what, ", as `", stringify!($open), "`; `fill` sets further fields of the started payload.")]
            pub fn $open_with(
                &self,
                $($id: impl $crate::catalogue::IntoField<$id_type $(<$id_type_of>)?>,)*
                $($arg: impl $crate::catalogue::IntoField<$arg_type $(<$arg_type_of>)?>,)*
                fill: impl FnOnce(&mut $Started),
            ) -> $crate::Guard<$life> {
                let life = || $life { $($id: $crate::catalogue::IntoField::into_field($id)),* };
                $crate::Guard::open(self, life, |life| {
                    let mut started = $Started::new($(life.$id.clone(),)* $($arg),*);
                    fill(&mut started);
                    started
                })
            }
        }
    };
}
pub(super) use {code, label, lifecycle, lines, method, rows, text};
