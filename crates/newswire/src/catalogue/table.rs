//! The macros that make everything of a row from one place.
//!
//! `rows!` turns the lines of the table into the rows themselves, their payload types and the emitter's
//! methods. `lifecycle!` writes the five rows of a lifecycle, which share their identity, and what its
//! guard needs. Adding a kind is adding a line; CONTRIBUTING.md has the recipe.

/// Rows of one component. Fields in parentheses are the arguments of `new` and of the emitter's method,
/// those in braces are optional and set by name.
macro_rules! rows {
    ($table:ident: $component:expr; $(
        $kind:literal $payload:ident $(=> $method:ident)? $severity:ident $merge:expr, $docs:expr,
        otel $otel:ident($otel_text:literal), agui $agui:ident($agui_text:literal),
        ($($arg:ident: $arg_type:ty = $arg_class:ident $($arg_otel:literal)? => $arg_docs:literal;)*)
        {$($field:ident: $type:ty = $class:ident $($field_otel:literal)? => $field_docs:literal;)*}
    )+) => {
        pub(super) const $table: &[$crate::catalogue::row::Entry] = &[$($crate::catalogue::row::Entry {
            kind: $kind,
            component: $component,
            phase: $crate::catalogue::row::phase_in($kind),
            severity: $crate::Severity::$severity,
            merge: $merge,
            text: concat!(
                stringify!($payload), "\n", $docs, "\n",
                stringify!($otel), "\t", $otel_text, "\n",
                stringify!($agui), "\t", $agui_text,
                $("\n", stringify!($arg), "\t", stringify!($arg_type), "\t", stringify!($arg_class), "\t",
                    $($arg_otel,)? "\t", $arg_docs,)*
                $("\n", stringify!($field), "\t", stringify!($type), "\t", stringify!($class), "\t",
                    $($field_otel,)? "\t", $field_docs,)*
            ),
        }),+];
        $(
            #[doc = concat!($docs, "\n\nThe payload of `", $kind, "`.")]
            #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
            pub struct $payload {
                $(#[doc = $arg_docs]
                #[serde(skip_serializing_if = "crate::catalogue::FieldValue::is_absent")]
                pub $arg: $arg_type,)*
                $(#[doc = $field_docs]
                #[serde(skip_serializing_if = "crate::catalogue::FieldValue::is_absent")]
                pub $field: $type,)*
            }

            impl $payload {
                /// A payload with these fields, the others absent.
                pub fn new($($arg: impl $crate::catalogue::IntoField<$arg_type>),*) -> Self {
                    Self {
                        $($arg: $crate::catalogue::IntoField::into_field($arg),)*
                        $($field: ::core::default::Default::default(),)*
                    }
                }
            }

            impl $crate::catalogue::Catalogued for $payload {
                const KIND: $crate::Kind = $crate::Kind::of_row($crate::catalogue::position_of($kind));
            }

            impl $crate::Payload for $payload {
                fn kind(&self) -> $crate::Kind {
                    <Self as $crate::catalogue::Catalogued>::KIND
                }

                fn size_bound(&self) -> usize {
                    2 $(+ $crate::catalogue::value::member_bound(stringify!($arg), &self.$arg))*
                        $(+ $crate::catalogue::value::member_bound(stringify!($field), &self.$field))*
                }

                fn label(&self) -> Option<&str> {
                    let texts: &[Option<&str>] = &[$($crate::catalogue::FieldValue::as_text(&self.$arg)),*];
                    texts.first().copied().flatten()
                }
            }

            $crate::catalogue::table::method! { [$($method)?] $payload $kind $docs, ($($arg: $arg_type),*) }
        )+
    };
}

/// The emitter's method of a row that names one; the others are emitted by `emit`.
macro_rules! method {
    ([] $($rest:tt)*) => {};
    ([$method:ident] $payload:ident $kind:literal $docs:expr, ($($arg:ident: $arg_type:ty),*)) => {
        impl $crate::Emitter {
            #[doc = concat!($docs, "\n\nEmits `", $kind, "`.\n\n# Errors\nAs [`Emitter::emit`](crate::Emitter::emit).")]
            #[inline]
            pub fn $method(
                &self,
                $($arg: impl $crate::catalogue::IntoField<$arg_type>),*
            ) -> $crate::Result<$crate::Published> {
                let kind = &<$payload as $crate::catalogue::Catalogued>::KIND;
                self.emit_with(kind, || $payload::new($($arg),*))
            }
        }
    };
}

/// The five rows of a lifecycle, what its events have in common, and the emitter's method that opens it.
///
/// All five payloads begin with the fields of `identity`; duration, error, reason and progress are the
/// same everywhere. `outcome` names the field of the completed payload that `Guard::complete` sets.
macro_rules! lifecycle {
    ($life:ident $open:ident $table:ident $scope:ident $what:literal, otel $otel:ident($otel_text:literal),
        identity ($($id:ident: $id_type:ty = $id_class:ident $($id_otel:literal)? => $id_docs:literal;)*)
        started $s_kind:literal $Started:ident $(=> $s_method:ident)? agui $s_agui:ident($s_agui_text:literal),
            ($($arg:ident: $arg_type:ty = $arg_class:ident $($arg_otel:literal)? => $arg_docs:literal;)*)
            {$($s_rest:tt)*}
        progress $p_kind:literal $Progress:ident $(=> $p_method:ident)? agui $p_agui:ident($p_agui_text:literal),
        completed $c_kind:literal $Completed:ident $(=> $c_method:ident)? agui $c_agui:ident($c_agui_text:literal),
            outcome $outcome:ident: $outcome_type:ty = $o_class:ident $($o_otel:literal)? => $o_docs:literal;
            {$($c_rest:tt)*}
        failed $f_kind:literal $Failed:ident $(=> $f_method:ident)? agui $f_agui:ident($f_agui_text:literal), {$($f_rest:tt)*}
        canceled $x_kind:literal $Canceled:ident $(=> $x_method:ident)? agui $x_agui:ident($x_agui_text:literal),
    ) => {
        $crate::catalogue::table::rows! { $table: Some($crate::ComponentScope::$scope);
            $s_kind $Started $(=> $s_method)? Info $crate::catalogue::Merge::Never, concat!($what, " has begun."),
            otel $otel($otel_text), agui $s_agui($s_agui_text),
            ($($id: $id_type = $id_class $($id_otel)? => $id_docs;)*
             $($arg: $arg_type = $arg_class $($arg_otel)? => $arg_docs;)*)
            {$($s_rest)*}

            $p_kind $Progress $(=> $p_method)? Debug $crate::catalogue::Merge::LastWins, concat!($what, " is under way."),
            otel $otel($otel_text), agui $p_agui($p_agui_text),
            ($($id: $id_type = $id_class $($id_otel)? => $id_docs;)*
             message: Option<Text> = Content => "How far it has come, for people.";)
            {current: Option<u64> = Measure => "How much is done, in units of its own.";
             total: Option<u64> = Measure => "How much there is to do, in the same units.";
             data: Option<Json> = Content => "Anything else that tells how far it has come.";}

            $c_kind $Completed $(=> $c_method)? Info $crate::catalogue::Merge::Never, concat!($what, " has ended without error."),
            otel $otel($otel_text), agui $c_agui($c_agui_text),
            ($($id: $id_type = $id_class $($id_otel)? => $id_docs;)*
             $outcome: $outcome_type = $o_class $($o_otel)? => $o_docs;
             duration_ns: Option<u64> = Measure => "How long it took.";)
            {$($c_rest)*}

            $f_kind $Failed $(=> $f_method)? Error $crate::catalogue::Merge::Never, concat!($what, " has errored."),
            otel $otel($otel_text), agui $f_agui($f_agui_text),
            ($($id: $id_type = $id_class $($id_otel)? => $id_docs;)*
             error: Failure = Content "error.type" => "What went wrong.";
             duration_ns: Option<u64> = Measure => "How long it took.";)
            {$($f_rest)*}

            $x_kind $Canceled $(=> $x_method)? Warn $crate::catalogue::Merge::Never, concat!($what, " was refused, skipped or stopped."),
            otel $otel($otel_text), agui $x_agui($x_agui_text),
            ($($id: $id_type = $id_class $($id_otel)? => $id_docs;)*
             reason: Option<Text> = Meta => "Why.";
             duration_ns: Option<u64> = Measure => "How long it took.";)
            {}
        }

        #[doc = concat!($what, ": what all events of one have in common.")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $life {
            $(#[doc = $id_docs]
            pub $id: $id_type,)*
        }

        impl $crate::catalogue::Lifecycle for $life {
            const COMPONENT: $crate::ComponentScope = $crate::ComponentScope::$scope;
            type Outcome = $outcome_type;
            type Progress = $Progress;
            type Completed = $Completed;
            type Failed = $Failed;
            type Canceled = $Canceled;

            fn progress(&self, message: Option<Text>) -> $Progress {
                $Progress::new($(self.$id.clone(),)* message)
            }

            fn completed(&self, outcome: $outcome_type, duration_ns: Option<u64>) -> $Completed {
                $Completed::new($(self.$id.clone(),)* outcome, duration_ns)
            }

            fn failed(&self, error: Failure, duration_ns: Option<u64>) -> $Failed {
                $Failed::new($(self.$id.clone(),)* error, duration_ns)
            }

            fn canceled(&self, reason: Text, duration_ns: Option<u64>) -> $Canceled {
                $Canceled::new($(self.$id.clone(),)* reason, duration_ns)
            }
        }

        impl $crate::Emitter {
            #[doc = concat!($what, ", emitted as `", $s_kind, "` now and once more when the guard ends.")]
            pub fn $open(
                &self,
                $($id: impl $crate::catalogue::IntoField<$id_type>,)*
                $($arg: impl $crate::catalogue::IntoField<$arg_type>),*
            ) -> $crate::Guard<$life> {
                let life = || $life { $($id: $crate::catalogue::IntoField::into_field($id)),* };
                $crate::Guard::open(self, life, |life| $Started::new($(life.$id.clone(),)* $($arg),*))
            }
        }
    };
}
pub(super) use {lifecycle, method, rows};
