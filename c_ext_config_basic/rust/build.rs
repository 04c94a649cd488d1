//! Tells the code how it is optimised.

fn main() {
    let level = std::env::var("OPT_LEVEL").expect("cargo says how it optimises");
    println!("cargo::rustc-env=OPT_LEVEL={level}");
}
