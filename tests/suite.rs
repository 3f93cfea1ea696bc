//! The one test binary: everything that is tested from outside.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod captures;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod forge;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod live;
#[cfg(test)]
mod mirrors;
#[cfg(test)]
mod phases;
#[cfg(test)]
mod robustness;
